import Channels
import Foundation
import Instants
import TestEffort
import Testing

/// The platform's samples in `Fixtures`.
enum Fixture {
    static let received = Instant(seconds: 1_795_370_402)
    static let page = "104857600000001"
    static let instagram = "17841400000000001"

    /// How many mutated bodies a test tries.
    static let mutations = Effort.cases(10_000)

    static let normaliser = MetaNormaliser { $0 == page || $0 == instagram }

    static func bytes(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return Array(try Data(contentsOf: url.appendingPathComponent(name)))
    }

    static func body(_ name: String) throws -> [UInt8] {
        try bytes("meta/\(name).json")
    }

    static func names() throws -> [String] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return try FileManager.default.contentsOfDirectory(atPath: url.appendingPathComponent("meta").path)
            .map { String($0.dropLast(5)) }.sorted()
    }

    static func normalised(_ name: String) throws -> NormalisedUpdates {
        try normaliser.normalise(body(name), received: received)
    }
}
