import Foundation

/// Makes an empty folder of a name that nobody else has; whoever asks removes it. The path is short, because a unix
/// socket's path may have 107 bytes.
package func makeTemporaryFolder(_ purpose: String) throws -> String {
    var template = Array("/tmp/nightshift-\(purpose)-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
        throw PrivateRedis.StartFailure(description: "expected a temporary folder, got errno \(errno)")
    }
    return String(cString: made)
}

/// A loopback TCP port that nobody listened on a moment ago.
package func freeLoopbackPort() throws -> UInt16 {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) + getsockname(descriptor, address, &length)
        }
    }
    guard status == 0 else { throw PrivateRedis.StartFailure(description: "no free loopback port: errno \(errno)") }
    return UInt16(bigEndian: address.sin_port)
}
