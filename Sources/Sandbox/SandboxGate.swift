internal import Channels
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Instants

/// What every call of the Graph API meets before anything else: whose token it is, and what of the limits is left.
///
/// Calls outside the Graph API, of the page and of drills, pass.
struct SandboxGate: RouterMiddleware {
    let settings: SandboxSettings
    let limits: SandboxLimits
    let ledger: SandboxLedger

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let parts = request.uri.path.split(separator: "/")
        let host = SandboxCaller.instagramHost
        let first = parts.first.map { $0.hasPrefix(host) ? $0.dropFirst(host.count) : $0 }
        guard let version = first, version.first == "v", version.dropFirst().first?.isNumber == true else {
            return try await next(request, context)
        }
        guard let account = account(request, parts.dropFirst().first.map(String.init) ?? "") else {
            return GraphReads.refused
        }
        var counted: [SandboxLimit.Counted] = [.page, .app]
        if request.method == .get, parts.last == "conversations" { counted.append(.conversations) }
        var response =
            if let excess = limits.take(counted, account: account, app: settings.app(of: account.id)) {
                try refuse(excess, account)
            } else {
                try await next(request, context)
            }
        usage(of: account, in: &response)
        return response
    }

    private func account(_ request: Request, _ node: String) -> SandboxAccount? {
        let caller = SandboxCaller(request, settings)
        let platform = request.uri.queryParameters["platform"].map(String.init)
        return caller.account(at: node, platform: platform) ?? caller.accounts.first { $0.id == node }
            ?? caller.accounts.first
    }

    /// The answer to a call beyond a limit, which stands in the ledger.
    func refuse(_ excess: SandboxLimits.Excess, _ account: SandboxAccount) throws -> Response {
        let row = excess.limit
        try ledger.append(
            LedgerLine(
                at: settings.now(), kind: "over_limit", account: account.id, recipient: row.counted.rawValue,
                metadata: "", text: "\(row.most) in \(row.per)", id: "", answered: true))
        var response = GraphReads.error(400, row.counted.code, "(#\(row.counted.code)) request limit reached")
        let minutes = Double(max(1, excess.left.wholeMilliseconds)) / 60_000
        Self.set("x-business-use-case-usage", Self.business(account, 100, minutes), in: &response)
        return response
    }

    /// Percent of what the app and the account may still do, on every answer; one that tells of a time keeps its own.
    private func usage(of account: SandboxAccount, in response: inout Response) {
        let app = limits.percent(.app, account: account, app: settings.app(of: account.id))
        let page = limits.percent(.page, account: account, app: "")
        Self.set("x-app-usage", Self.counts(app), in: &response)
        Self.set("x-page-usage", Self.counts(page), in: &response)
        Self.set("x-business-use-case-usage", Self.business(account, page, 0), in: &response)
    }

    private static func counts(_ percent: Int) -> String {
        #"{"call_count":\#(percent),"total_time":0,"total_cputime":0}"#
    }

    private static func business(_ account: SandboxAccount, _ percent: Int, _ minutes: Double) -> String {
        let type = account.isInstagram ? "instagram" : "pages"
        return
            #"{"\#(account.id)":[{"type":"\#(type)","call_count":\#(percent),"estimated_time_to_regain_access":\#(minutes)}]}"#
    }

    private static func set(_ name: String, _ value: String, in response: inout Response) {
        guard let field = HTTPField.Name(name), response.headers[field] == nil else { return }
        response.headers[field] = value
    }
}
