import Foundation

/// Roots and certificates made with the `openssl` command in a fresh folder, which ends with the last reference.
package final class TestCertificates: Sendable {
    package struct Pair: Sendable {
        package let certificate: String
        package let key: String
    }

    /// The roots that sign `server` and `client`.
    package let authority: String
    /// Roots that sign neither.
    package let otherAuthority: String
    /// Stands for `redis.test` and `127.0.0.1`.
    package let server: Pair
    package let client: Pair
    private let folder: String

    package init() throws {
        let folder = try makeTemporaryFolder("certificates")
        self.folder = folder
        authority = "\(folder)/roots.crt"
        otherAuthority = "\(folder)/other.crt"
        server = Pair(certificate: "\(folder)/server.crt", key: "\(folder)/server.key")
        client = Pair(certificate: "\(folder)/client.crt", key: "\(folder)/client.key")
        for name in ["roots", "other"] {
            try openssl(Self.request(folder, name) + ["-x509", "-days", "2", "-out", "\(folder)/\(name).crt"])
        }
        for (name, names) in [("server", "DNS:redis.test,IP:127.0.0.1"), ("client", "DNS:client.test")] {
            try openssl(
                Self.request(folder, name) + [
                    "-x509", "-days", "2", "-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=CA:FALSE",
                    "-CA", "\(folder)/roots.crt", "-CAkey", "\(folder)/roots.key", "-out", "\(folder)/\(name).crt",
                ])
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func request(_ folder: String, _ name: String) -> [String] {
        [
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", "\(folder)/\(name).key",
        ]
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PrivateRedis.StartFailure(description: "expected openssl \(arguments) to succeed")
        }
    }
}
