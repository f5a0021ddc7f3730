import Foundation

/// Secrets by name, from files or the environment; several of one name while one is being exchanged. Never logged.
///
/// A secret `meta-app` is read from the file `meta-app` of the folder, a line each, else from the environment variable
/// `NIGHTSHIFT_SECRET_META_APP`, separated by spaces.
struct Secrets: Sendable {
    private let folder: String?
    private let environment: [String: String]
    private let given: [String: [String]]

    init(folder: String?, environment: [String: String], given: [String: [String]] = [:]) {
        self.folder = folder
        self.environment = environment
        self.given = given
    }

    /// The values of a name, the newest first as they were written; empty if there is none.
    func values(of name: String) -> [String] {
        if let values = given[name] { return values }
        if let folder, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }),
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        {
            return text.split(whereSeparator: \.isNewline).map(String.init)
        }
        let variable = "NIGHTSHIFT_SECRET_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
        return (environment[variable] ?? "").split(separator: " ").map(String.init)
    }
}
