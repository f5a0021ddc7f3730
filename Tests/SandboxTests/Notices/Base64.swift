import Foundation

enum Base64 {
    /// What base64 letters mean; empty for what is none.
    static func text(_ letters: String) -> String {
        Data(base64Encoded: letters).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
