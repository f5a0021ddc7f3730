import Foundation
package import Redis

/// A server that plays a written part: it answers the client's first bytes with `+PONG`, each further piece with the
/// next answer, and after the last one falls silent or closes.
package final class StubServer: Sendable {
    package let endpoint: RedisEndpoint
    private let folder: String
    private let listener: CInt

    package init(answering answers: [[UInt8]], thenCloses: Bool = false) throws {
        folder = try makeTemporaryFolder("stub")
        let path = "\(folder)/stub.sock"
        endpoint = .unix(path)
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
        }
        guard status == 0, listen(listener, 16) == 0 else {
            throw PrivateRedis.StartFailure(description: "expected to listen on \(path), got errno \(errno)")
        }
        let script = [Array("+PONG\r\n".utf8)] + answers
        Thread.detachNewThread {
            var silent: [CInt] = []
            while case let client = accept(listener, nil, nil), client >= 0 {
                Self.play(script, to: client)
                if thenCloses { _ = Foundation.close(client) } else { silent.append(client) }
            }
            for client in silent { _ = Foundation.close(client) }
        }
    }

    /// Stops listening and closes what is open.
    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        Foundation.close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func play(_ script: [[UInt8]], to client: CInt) {
        var piece = [UInt8](repeating: 0, count: 65_536)
        for answer in script {
            guard recv(client, &piece, piece.count, 0) > 0 else { return }
            _ = answer.withUnsafeBytes { send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        }
    }
}
