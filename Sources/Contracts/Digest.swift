internal import COpenSSL

/// SHA-256, by which a policy bundle is named.
package enum Digest {
    /// 32 bytes. O(bytes).
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(bytes, bytes.count, &digest)
        return digest
    }
}
