internal import Channels
internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// What the Graph API tells about an account: its name, our app's permissions, the fields that come by webhook, routing.
struct GraphReads: Sendable {
    let settings: SandboxSettings

    func add(to router: Router<BasicRequestContext>) {
        router.get("/:version/me/permissions") { request, _ in
            guard holder(of: request) != nil else { return Self.refused }
            let granted = settings.permissions.map { name -> JSONValue in
                ["permission": .string(name), "status": "granted"]
            }
            return Response.json(["data": .array(granted)])
        }
        router.get("/:version/me") { request, _ in
            guard let account = holder(of: request) else { return Self.refused }
            return Response.json(["id": .string(account.id), "messaging_feature_status": ["hop_v2": true]])
        }
        router.get("/:version/:node/subscribed_apps") { request, context in
            guard let account = holder(of: request), context.parameters.get("node") == account.id else {
                return Self.refused
            }
            let fields = settings.subscribedFields.map(JSONValue.string)
            return Response.json([
                "data": [["id": .string(settings.app), "name": "nightshift", "subscribed_fields": .array(fields)]]
            ])
        }
        router.get("/:version/:node") { request, context in
            guard let account = holder(of: request), context.parameters.get("node") == account.id else {
                return Self.refused
            }
            return Response.json(["id": .string(account.id), "name": .string(account.label)])
        }
    }

    /// The account whose token came: `token-<account>`, unless the settings name others.
    private func holder(of request: Request) -> SandboxAccount? {
        let given = request.headers[.authorization] ?? ""
        return settings.accounts.first { given == "Bearer \(settings.tokens[$0.id] ?? "token-\($0.id)")" }
    }

    private static var refused: Response {
        let error: JSONValue = [
            "error": ["message": "Invalid OAuth access token.", "type": "OAuthException", "code": 190]
        ]
        var response = Response.json(error)
        response.status = .badRequest
        return response
    }
}
