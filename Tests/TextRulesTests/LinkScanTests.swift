import Testing

@testable import TextRules

@Suite("Ways that lead elsewhere")
struct LinkScanTests {
    @Test(
        "addresses, handles, numbers and sums are found",
        arguments: [
            ("see https://shop.example/x?y=1 now", [LinkScan.Kind.site]), ("www.foo.berlin", [.site]),
            ("foo.com", [.site]),
            ("shop . com", [.site]), ("shop[.]com", [.site]), ("shop(dot)com", [.site]), ("shop dot com", [.site]),
            ("https://bit.ly/3xtVSMx", [.shortener]), ("wa.me/49123", [.messenger]), ("t.me/x", [.messenger]),
            ("write a.b@foo.com", [.email]), ("@anna_fx", [.handle]), ("#hailey_miller1", [.handle]),
            ("+49 30 1234567", [.phone]), ("call 030 123 45 67", [.phone]), ("$5,000", [.sum]), ("1000€", [.sum]),
            ("5 000 руб", [.sum]),
            ("ｓｈｏｐ。com", [.site]), ("http://xn--shp-tna.example", [.site]),
        ])
    func found(text: String, kinds: [LinkScan.Kind]) {
        #expect(LinkScan.links(in: NormalisedText(text)).map(\.kind) == kinds)
    }

    @Test(
        "what people write otherwise is none",
        arguments: [
            "Hello. I am here. Me too", "end.Start again", "thanks.it was great", "e.g. this", "size 38.5",
            "order 12345678",
            "a@ b", "#fashion", "it is no. 1", "9.00-17.00",
        ])
    func none(text: String) {
        #expect(LinkScan.links(in: NormalisedText(text)).isEmpty, "\(LinkScan.links(in: NormalisedText(text)))")
    }

    @Test("an address that is written apart keeps its host")
    func hosts() {
        for text in [
            "rival.example", "https://www.rival.example/a", "rival . example", "rival dot example", "RIVAL[.]example",
        ] {
            let hosts = LinkScan.links(in: NormalisedText(text)).map { String(decoding: $0.host, as: UTF8.self) }
            #expect(hosts.count == 1 && hosts[0].hasSuffix("rival.example"), "\(text): \(hosts)")
        }
    }
}
