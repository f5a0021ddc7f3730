internal import BusinessTime
package import Contracts
package import Conversations
internal import Foundation
internal import SwiftProtobuf
internal import TextRules

/// From a configuration to what is published, and from what is published to a policy.
///
/// Choice: the bundle carries the files as they are and the TZif file of every zone that they name, so a worker compiles
/// exactly what was checked, whatever its own machine has. Rejected: shipping the compiled policy, whose form changes
/// with every version of ours.
extension PolicyBundle {
    /// Bytes of a whole bundle, so that a damaged one cannot fill memory.
    package static let mostBytes = 32 << 20

    /// Checks a configuration and packs it with its zones.
    ///
    /// - Throws: `ConfigFaults` with every fault; nothing that is faulty can be packed.
    package init(_ files: ConfigFiles, zones: ZoneFolder) throws(ConfigFaults) {
        let check = ConfigCheck(files, zones: zones)
        guard let config = check.config else { throw ConfigFaults(check.faults) }
        self = Self.packed(files, config, zones)
    }

    fileprivate static func packed(_ files: ConfigFiles, _ config: CheckedConfig, _ zones: ZoneFolder) -> PolicyBundle {
        var bundle = PolicyBundle()
        bundle.files = files.files.map { file in
            var packed = BundleFile()
            packed.path = file.path
            packed.content = Data(file.bytes)
            return packed
        }
        bundle.zones = config.zones.compactMap { rules in
            zones.file(of: rules.name).map { bytes in
                var packed = BundleZone()
                packed.name = rules.name.text
                packed.tzif = Data(bytes)
                return packed
            }
        }
        bundle.tzdata = zones.version
        return bundle
    }

    /// Reads canonical bytes.
    ///
    /// - Throws: `ConfigFaults` for bytes that are no bundle.
    package init(canonical bytes: [UInt8]) throws(ConfigFaults) {
        guard bytes.count <= Self.mostBytes, let bundle = try? PolicyBundle(serializedBytes: bytes) else {
            throw ConfigFaults([
                ConfigFault(
                    file: "bundle", expected: "a policy bundle of at most \(Self.mostBytes) bytes",
                    got: "\(bytes.count) bytes that are none")
            ])
        }
        self = bundle
    }

    /// The bytes that are stored and hashed. The same bundle gives the same bytes: the schema has no map.
    package var canonicalBytes: [UInt8] {
        (try? serializedBytes()) ?? []
    }
}

extension Policy {
    /// Compiles a bundle under the number that it got when it was published.
    ///
    /// - Parameter threads: one where lanes are served meanwhile, so that a new policy takes one core from them at most.
    /// - Throws: `ConfigFaults` if the bundle does not hold what a faultless configuration needs: it was made by a
    ///   version with other rules, or damaged.
    package static func build(
        _ bundle: PolicyBundle, number: UInt64, threads: Int = 1, knowsTexts: Bool = true
    ) throws(ConfigFaults) -> Policy {
        let read = knowsTexts ? bundle.files : bundle.files.filter { !$0.path.hasSuffix("/phrases.yaml") }
        let files = ConfigFiles(read.map { ConfigFiles.File(path: $0.path, bytes: [UInt8]($0.content)) })
        var zones: [ZoneName: [UInt8]] = [:]
        for zone in bundle.zones {
            if let name = try? ZoneName(zone.name) { zones[name] = [UInt8](zone.tzif) }
        }
        let known = zones
        let check = ConfigCheck(
            files, zone: { name in known[name].flatMap { try? ZoneRules(name: name, tzif: $0) } },
            zoneNames: { known.keys.map(\.text) }, compilesTexts: true, demandsLogin: false, threads: threads)
        guard let config = check.config, let texts = config.texts else { throw ConfigFaults(check.faults) }
        return try make(config, texts, number: number, hash: Digest.sha256(bundle.canonicalBytes))
    }

    /// A policy straight from a folder, for what works without Redis: `decide`, `classify`, tests. Number 0.
    ///
    /// - Throws: `ConfigFaults` with every fault.
    package static func read(folder: String, zones: ZoneFolder = ZoneFolder()) throws(ConfigFaults) -> Policy {
        let files: ConfigFiles
        do throws(ConfigFault) {
            files = try ConfigFiles(folder: folder)
        } catch {
            throw ConfigFaults([error])
        }
        let check = ConfigCheck(files, zones: zones, compilesTexts: true)
        guard let config = check.config, let texts = config.texts else { throw ConfigFaults(check.faults) }
        let bundle = PolicyBundle.packed(files, config, zones)
        return try make(config, texts, number: 0, hash: Digest.sha256(bundle.canonicalBytes))
    }

    private static func make(
        _ config: CheckedConfig, _ texts: Classifier, number: UInt64, hash: [UInt8]
    ) throws(ConfigFaults) -> Policy {
        do throws(PolicyError) {
            var policy = try Policy(
                number: number, hash: hash, partitions: config.partitions, accounts: config.accounts,
                markets: config.markets, channels: config.channels, teams: config.teams, zones: config.zones,
                languages: config.languages,
                texts: texts)
            policy.keep = config.keep
            return policy
        } catch {
            throw ConfigFaults([ConfigFault(file: error.place, expected: error.expected, got: error.came)])
        }
    }
}
