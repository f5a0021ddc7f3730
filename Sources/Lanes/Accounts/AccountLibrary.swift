/// The functions of an account's slot: claims on comments, brakes.
enum AccountLibrary {
    static let library = VersionedLibrary(
        "accounts", version: 1, shared: VersionedLibrary.shared,
        transitions: [PackageResources.once_lua, PackageResources.brake_lua])

    static let once = Array(library.function("once").utf8)
    static let brake = Array(library.function("brake").utf8)
}
