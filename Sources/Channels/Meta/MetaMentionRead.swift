internal import Contracts

/// The words and the author of a mention, which its webhook leaves out (DOMAIN.md 4.4). Pure.
///
/// Facebook gives the comment or post by its id. Instagram gives what stands on somebody else's media only by way of the
/// account that was named, and does not document an author for comments, so that is asked for first and left out if refused.
package struct MetaMentionRead: Sendable {
    /// The reads to be tried until one is not refused, the one that tells most first.
    package let reads: [MetaRead]
    private let edge: String?

    /// - Parameters:
    ///   - target: the comment, or the post itself.
    ///   - post: where it stands.
    package init(of target: String, in post: String, channel: MetaChannel, account: String) {
        switch channel {
        case .facebook:
            edge = nil
            reads = ["id,message,from", "id,message"].map { MetaRead([target], [("fields", $0)]) }
        case .instagram:
            let isPost = target == post
            let edge = isPost ? "mentioned_media" : "mentioned_comment"
            self.edge = edge
            let (key, text) = isPost ? ("media_id", "caption") : ("comment_id", "text")
            // Parts of the query's own language; an id of the platform is digits.
            let id = target.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            reads = ["id,\(text),username", "id,\(text)"].map {
                MetaRead([account], [("fields", "\(edge).\(key)(\(id)){\($0)}")])
            }
        }
    }

    package struct Found: Sendable, Equatable {
        /// Whole; empty where the platform gives none.
        package let text: String
        /// Its id; empty where the platform does not say.
        package let author: String
        package let authorName: String
    }

    /// Nil if the document holds no mention.
    package func found(in document: JSONValue) -> Found? {
        let value = edge.map { document[$0] } ?? document
        guard let value, case .object = value else { return nil }
        let author = value["from"]?["id"]
        let id = author?.string ?? author?.integer.map(String.init) ?? ""
        let name = value["from"]?["name"]?.string ?? value["username"]?.string ?? ""
        return Found(
            text: value["message"]?.string ?? value["text"]?.string ?? value["caption"]?.string ?? "",
            author: id.utf8.count <= 128 ? id : "", authorName: TextLimit(unit: .bytes, most: 256).cut(name))
    }
}
