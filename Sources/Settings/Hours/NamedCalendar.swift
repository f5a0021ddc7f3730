package import BusinessTime

/// One calendar of a configuration folder, read without the rest of it: what `hours` starts with.
package enum NamedCalendar {
    /// - Throws: `ConfigFaults` with everything wrong in `calendars/NAME.yaml`, or an unknown zone.
    package static func read(_ name: String, folder: String, zones: ZoneFolder) throws(ConfigFaults) -> BusinessCalendar
    {
        let faults = FaultList()
        do throws(ConfigFault) {
            guard ConfigNames.isPlain(name) else {
                throw ConfigFault(file: "calendars", expected: "the name of a calendar", got: "\"\(name.prefix(60))\"")
            }
            let file = try ConfigFiles.read("calendars/\(name).yaml", in: folder)
            if let value = ConfigValue(file, faults: faults), let settings = CalendarSettings(name: name, value),
                faults.faults.isEmpty
            {
                guard let rules = zones.rules(of: settings.zone) else {
                    throw ConfigFault(
                        file: file.path, expected: "a zone of \(zones.path)", got: "\"\(settings.zone)\"",
                        nearest: NearestWord.to(settings.zone.text, among: zones.names))
                }
                return settings.calendar(zone: rules)
            }
        } catch {
            faults.add(error)
        }
        throw ConfigFaults(faults.sorted)
    }
}

/// Everything that is wrong with a configuration; never empty.
package struct ConfigFaults: Error, Sendable, Equatable, CustomStringConvertible {
    package let faults: [ConfigFault]

    package init(_ faults: [ConfigFault]) {
        self.faults = faults
    }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// The rule for names of files and for what is referred to by name.
enum ConfigNames {
    /// `[a-z0-9-]{1,40}`.
    static func isPlain(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}
