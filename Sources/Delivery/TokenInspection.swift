internal import Channels
internal import Contracts

extension AccountInspection {
    /// Which of an account's tokens the platform refuses, where it has more than one: a call goes on with the next, so that
    /// nothing else shows it. Their places are named, never they themselves.
    func tokens(_ account: String) async -> [Finding] {
        guard client.tokenCount(of: account) > 1 else { return [] }
        let path = client.login(of: account) == .instagram ? ["me"] : [client.node(of: account)]
        guard let found = await client.refusedTokens(path, account: account, deadline: patience) else {
            return [Finding("tokens", .unknown, "no answer")]
        }
        guard !found.places.isEmpty else { return [Finding("tokens", .ok, "all \(found.count) are taken")] }
        let named = found.places.map { $0 == 1 ? "1 (the newest)" : "\($0)" }.joined(separator: ", ")
        return [Finding("tokens", .fault, "of \(found.count), the newest first, the platform refuses \(named)")]
    }
}
