/// Addresses that customers are shown.
enum WebLink {
    static let mostBytes = 1_024

    /// The host of an https address in lower case; nil for whatever else a text may be. Nobody's name stands before the host,
    /// so what a reader takes for the host is it.
    static func host(of text: String) -> String? {
        let scheme = "https://"
        guard text.utf8.count <= mostBytes, text.hasPrefix(scheme),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first?.lowercased(), MarketSettings.isDomain(host), host.allSatisfy(\.isASCII) else {
            return nil
        }
        if parts.count > 1, UInt16(parts[1]) == nil { return nil }
        return host
    }

    /// Whether a host is one of the domains, or below one.
    static func isOf(_ host: String, _ domains: [String]) -> Bool {
        domains.contains { host == $0.lowercased() || host.hasSuffix("." + $0.lowercased()) }
    }
}
