import Foundation
import Mustache
import Testing

@testable import Replies

@Suite("What is compiled without Mustache says what Mustache would say")
struct PlainTemplateTests {
    private static func bodies(_ text: String) throws -> (
        ours: [[CompiledTemplate.Part]]?, theirs: [[CompiledTemplate.Part]]
    ) {
        let tags = try TemplateTags(text)
        return (
            PlainTemplate(text).map { CompiledTemplate($0, tags: tags).bodies },
            CompiledTemplate(try MustacheTemplate(string: text), tags: tags).bodies
        )
    }

    @Test(
        "sections, their contraries and sections within sections",
        arguments: [
            "", "plain", "{{day}}", "a {{day}} b", "{{#brand}}of {{brand}}{{/brand}}!", "{{^brand}}nobody{{/brand}}",
            "{{#brand}}a{{#product}}b {{product}}{{/product}}c{{/brand}}d", "{{#brand}}{{/brand}}", "5 < 6 & { } }}",
            "{{day}}, {{time}}{{#zone_city}} ({{zone_city}}){{/zone_city}}.",
            "{{#product}}{{^brand}}x{{/brand}}{{/product}}y",
        ])
    func alike(text: String) throws {
        let (ours, theirs) = try Self.bodies(text)
        #expect(ours == theirs)
    }

    @Test("every shipped text of one line")
    func shipped() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "config/languages")
        var compared = 0
        for tag in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            guard let data = FileManager.default.contents(atPath: folder.appending(path: "\(tag)/templates.yaml").path)
            else { continue }
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                guard let start = line.firstRange(of: "- \""), line.hasSuffix("\""), !line.contains("\\") else {
                    continue
                }
                let text = String(line[start.upperBound...].dropLast())
                let (ours, theirs) = try Self.bodies(text)
                #expect(ours == theirs, "\(tag): \(text)")
                compared += 1
            }
        }
        #expect(compared > 400)
    }

    @Test(
        "what it does not know it leaves to Mustache",
        arguments: ["a\n{{day}}", "{{{day}}}", "{{&day}}", "{{ day }}", "{{#brand}}", "{{/brand}}", "{{!x}}", "{{day}"])
    func unknown(text: String) {
        #expect(PlainTemplate(text) == nil)
    }
}
