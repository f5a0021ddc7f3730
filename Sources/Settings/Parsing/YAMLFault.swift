internal import Yams

/// Yams' errors in the one form of configuration faults.
enum YAMLFault {
    static func of(_ error: any Error, file: String) -> ConfigFault {
        if error is ConfigNode.Repetition {
            return ConfigFault(file: file, expected: "values written out", got: "aliases that repeat each other")
        }
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigFault(
                file: file, line: mark.line, column: mark.column, expected: "YAML", got: "an error: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return ConfigFault(
                file: file, line: context.mark.line, column: context.mark.column, expected: "each key once",
                got: duplicates.sorted().joined(separator: ", ") + " twice")
        case .reader(let problem, _, _, _):
            return ConfigFault(file: file, expected: "UTF-8 text", got: "an error: \(problem)")
        default:
            return ConfigFault(file: file, expected: "YAML", got: "\(error)")
        }
    }
}
