import Glibc

/// Ports on loopback.
enum FreePort {
    /// The port itself if nobody listens on it, a free one for 0.
    ///
    /// - Throws: `Failure` that names the option by which another port is chosen.
    static func choose(_ port: Int, option: String) throws -> Int {
        guard (0...65_535).contains(port) else {
            throw Failure(expected: "a port from 0 to 65535", came: "\(port)", at: option)
        }
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) + getsockname(descriptor, address, &length)
            }
        }
        guard status == 0 else {
            throw Failure(expected: "a free port", came: "\(port), which something listens on", at: option)
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
