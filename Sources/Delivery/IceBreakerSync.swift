package import Channels
internal import Contracts
internal import Instants

/// Brings an account's ice breakers to the platform, where they differ from what it has.
package struct IceBreakerSync: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// The platform had them.
        case same
        /// It had others in these locales, and has ours now.
        case pushed([String])
        /// It has others in these locales, and was not to be changed.
        case differs([String])
        /// It did not say, or did not take them; in words.
        case refused(String)
    }

    package enum Writing: Sendable {
        case never
        /// Where the platform has none: what a shop set by hand in the platform's own tool is not ours to replace unasked.
        case whereNone
        case always
    }

    private let client: MetaClient
    private let patience: Duration

    package init(client: MetaClient, patience: Duration = .seconds(10)) {
        self.client = client
        self.patience = patience
    }

    /// One read, and one call if it is needed and wanted.
    package func bring(
        _ wish: IceBreakers, to account: String, _ channel: MetaChannel, writing: Writing = .always
    ) async -> Outcome {
        let read = await client.fetch(
            IceBreakers.read(of: client.node(of: account), channel), account: account, attempt: 1, deadline: patience)
        guard let document = read.document else { return .refused(Self.words(read.answer)) }
        let there = IceBreakers(in: document)
        let differing = wish.differing(from: there)
        guard !differing.isEmpty else { return .same }
        let writes =
            switch writing {
            case .never: false
            case .whereNone: there.isEmpty
            case .always: true
            }
        guard writes else { return .differs(differing) }
        let made = await client.carryOut(
            wish.request(client.node(of: account), channel), account: account, kind: .fetch, attempt: 1,
            deadline: patience)
        guard case .delivered = made.answer else { return .refused(Self.words(made.answer)) }
        return .pushed(differing)
    }

    private static func words(_ answer: SendAnswer) -> String {
        switch answer {
        case .delivered: "an answer that is none"
        case .failed(let failure), .again(_, let failure), .ambiguous(let failure), .windowClosed(let failure),
            .stopAccount(let failure), .braked(_, _, let failure):
            failure.description
        }
    }
}
