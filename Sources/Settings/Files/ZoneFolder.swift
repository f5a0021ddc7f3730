package import BusinessTime
internal import Foundation

/// A zoneinfo folder: TZif files by zone name, and the version of the data.
///
/// The system's folder is what the package manager keeps current; the toolchain's own rules are frozen (DESIGN.md).
package struct ZoneFolder: Sendable {
    package static let system = "/usr/share/zoneinfo"
    /// Bytes of one TZif file; the largest of 2026f has under 4 KiB.
    package static let mostBytes = 1 << 16

    package let path: String

    package init(_ path: String = ZoneFolder.system) {
        self.path = path
    }

    /// The bytes of a zone's file; nil if there is none.
    package func file(of zone: ZoneName) -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: path + "/" + zone.text), data.count <= Self.mostBytes,
            data.starts(with: Array("TZif".utf8))
        else { return nil }
        return [UInt8](data)
    }

    /// The rules of a zone; nil if its file is missing or broken.
    package func rules(of zone: ZoneName) -> ZoneRules? {
        file(of: zone).flatMap { try? ZoneRules(name: zone, tzif: $0) }
    }

    /// Version of the data, such as `2026f`; `unknown` if the folder does not say.
    package var version: String {
        if let text = text("tzdata.zi", 64), let line = text.split(separator: "\n").first,
            line.hasPrefix("# version ")
        {
            return String(line.dropFirst(10))
        }
        let text = text("+VERSION", 32)?.split(separator: "\n").first.map(String.init)
        return text ?? "unknown"
    }

    /// Names of all zones, for the nearest to a wrong one; read only when there is a wrong one.
    var names: [String] {
        guard let table = text("tzdata.zi", 1 << 20) else { return [] }
        return table.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            switch words.first {
            case "Z": return words.count > 1 ? String(words[1]) : nil
            case "L": return words.count > 2 ? String(words[2]) : nil
            default: return nil
            }
        }
    }

    private func text(_ name: String, _ most: Int) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path + "/" + name) else { return nil }
        defer { try? handle.close() }
        return (try? handle.read(upToCount: most)).map { String(decoding: $0, as: UTF8.self) }
    }
}
