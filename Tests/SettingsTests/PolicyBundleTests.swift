import BusinessTime
import Contracts
import Conversations
import Foundation
import Testing

@testable import Settings

@Suite("Bundles")
struct PolicyBundleTests {
    @Test("the same configuration gives the same bytes and the same hash, and a changed one another")
    func stable() throws {
        let files = try ShippedConfig.wordless()
        let bundle = try PolicyBundle(files, zones: ZoneFolder())
        let again = try PolicyBundle(ConfigFiles(files.files.reversed()), zones: ZoneFolder())
        #expect(bundle.canonicalBytes == again.canonicalBytes)
        let text = try ShippedConfig.text("markets/de.yaml") + "# seen\n"
        let other = try PolicyBundle(try ShippedConfig.wordless(with: text, at: "markets/de.yaml"), zones: ZoneFolder())
        #expect(Digest.sha256(other.canonicalBytes) != Digest.sha256(bundle.canonicalBytes))
        let shipped = try PolicyBundle(try ShippedConfig.files(), zones: ZoneFolder())
        #expect(try ShippedConfig.policy.get().hash == Digest.sha256(shipped.canonicalBytes))
    }

    @Test("a bundle read back builds the policy with the zones that it carries, not the machine's")
    func builds() throws {
        let bundle = try PolicyBundle(try ShippedConfig.wordless(), zones: ZoneFolder())
        #expect(
            bundle.zones.map(\.name) == [
                "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "Asia/Dubai", "Asia/Ho_Chi_Minh",
                "Asia/Tokyo", "Europe/Berlin", "Europe/Helsinki",
            ])
        let read = try PolicyBundle(canonical: bundle.canonicalBytes)
        let policy = try Policy.build(read, number: 7)
        #expect(policy.number == 7)
        #expect(policy.hashText.count == 64)
        #expect(policy.hash == Digest.sha256(bundle.canonicalBytes))
        #expect(policy.zones.count == 8)
        var without = read
        without.zones.removeAll { $0.name == "Europe/Berlin" }
        #expect(throws: ConfigFaults.self) { try Policy.build(without, number: 8) }
    }

    @Test(
        "a bundle of a version that did not ask how our app got at Instagram accounts is read, and no folder is published so"
    )
    func withoutLogin() throws {
        let named = "page: \"104857600000001\", "
        let text = try ShippedConfig.text("accounts.yaml")
        #expect(text.contains(named))
        let older = text.replacingOccurrences(of: named, with: "")
        #expect(throws: ConfigFaults.self) {
            try PolicyBundle(try ShippedConfig.wordless(with: older, at: "accounts.yaml"), zones: ZoneFolder())
        }
        var bundle = try PolicyBundle(try ShippedConfig.wordless(), zones: ZoneFolder())
        #expect(
            try Policy.build(bundle, number: 7).accounts["17841400000000001"]?.login == .linkedPage("104857600000001"))
        let index = try #require(bundle.files.firstIndex { $0.path == "accounts.yaml" })
        bundle.files[index].content = Data(older.utf8)
        let policy = try Policy.build(bundle, number: 8)
        #expect(policy.accounts["17841400000000001"]?.login == .page)
        #expect(policy.accounts["17841400000000008"]?.login == .instagram)
    }

    @Test("bytes that are no bundle are refused")
    func damaged() throws {
        #expect(throws: ConfigFaults.self) { try PolicyBundle(canonical: [0xFF, 0xFF, 0xFF]) }
        #expect(throws: ConfigFaults.self) { try Policy.build(try PolicyBundle(canonical: []), number: 1) }
    }

    @Test("SHA-256 is SHA-256")
    func digest() {
        // FIPS 180-2, B.1.
        let digest = Digest.sha256(Array("abc".utf8)).map { String($0, radix: 16) }.joined(separator: " ")
        #expect(digest.hasPrefix("ba 78 16 bf 8f 1 cf ea"))
    }
}
