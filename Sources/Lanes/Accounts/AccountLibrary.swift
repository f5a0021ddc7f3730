/// The functions of an account's slot: claims on comments, brakes, tokens.
enum AccountLibrary {
    static let functions = VersionedLibrary(
        "accounts", version: 1, shared: VersionedLibrary.shared,
        transitions: [PackageResources.once_lua, PackageResources.brake_lua, PackageResources.lease_lua])

    static let once = Array(functions.function("once").utf8)
    static let brake = Array(functions.function("brake").utf8)
    static let lease = Array(functions.function("lease").utf8)
}
