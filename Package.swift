// swift-tools-version: 6.3

import PackageDescription

let systemLibraries: [Target] = [
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),
]

let pureTargets: [Target] = [
    .target(name: "Instants"),
    .target(name: "Contracts", dependencies: ["Instants", "COpenSSL", .protobuf], exclude: ["Schema"]),
    .target(name: "BusinessTime", dependencies: ["Instants"]),
    .target(name: "TextRules"),
    .target(name: "Replies", dependencies: ["BusinessTime", "Instants", .mustache]),
    .target(
        name: "Conversations",
        dependencies: ["Contracts", "BusinessTime", "Instants", "TextRules", "Replies", .protobuf]
    ),
]

let shells: [Target] = [
    .target(name: "Telemetry", dependencies: [.log]),
    .target(name: "Redis", dependencies: ["CHiredis", "COpenSSL"]),
    .target(
        name: "Lanes",
        dependencies: ["Contracts", "Instants", "Redis", "Telemetry", .protobuf, .sqlite],
        resources: luaFiles
    ),
    .target(
        name: "Membership",
        dependencies: ["Contracts", "Instants", "Lanes", "Redis", "Telemetry", .log],
        resources: ["slot", "beat", "lead", "assign", "leave", "signals", "profiles", "pin", "unpin", "attend"].map {
            .embedInCode("Functions/\($0).lua")
        }
    ),
    .target(name: "Channels", dependencies: ["Contracts", "Instants", "COpenSSL", "Telemetry", .protobuf]),
    .target(
        name: "Settings",
        dependencies: [
            "Lanes", "Contracts", "Instants", "Conversations", "BusinessTime", "TextRules", "Replies", "Channels",
            .yaml, .protobuf,
        ]
    ),
    .target(
        name: "Coordination",
        dependencies: ["Membership", "Lanes", "Settings", "Contracts", "Instants", "Redis", "Telemetry", .log]
    ),
    .target(
        name: "Workers",
        dependencies: [
            "Delivery", "Membership", "Settings", "Lanes", "Conversations", "BusinessTime", "Contracts", "Instants",
            "Telemetry",
            .log, .collections, .protobuf,
        ]
    ),
    .target(
        name: "Delivery",
        dependencies: [
            "Membership", "Settings", "Lanes", "Channels", "Contracts", "Instants", "Telemetry", .httpClient, .log,
            .collections, .protobuf,
        ]
    ),
    .target(
        name: "Ingress",
        dependencies: [
            "Lanes", "Channels", "Settings", "Contracts", "Instants", "Telemetry", .hummingbird, .log, .protobuf,
        ]
    ),
    .target(
        name: "Sandbox",
        dependencies: [
            "Channels", "Contracts", "Instants", "Telemetry", .hummingbird, .httpClient, .log,
        ]
    ),
    .target(
        name: "Simulation",
        dependencies: ["Coordination", "Membership", "Contracts", "Instants", .collections]
    ),
    .target(
        name: "Bench",
        dependencies: [
            "Workers", "Delivery", "Coordination", "Ingress", "Sandbox", "Membership", "Settings", "Lanes",
            "Channels", "Conversations", "TextRules", "BusinessTime", "Contracts", "Instants", "Telemetry", .histogram,
            .httpClient,
            .log, .protobuf,
        ]
    ),
]

let executable = Target.executableTarget(
    name: "nightshift",
    dependencies: [
        "Bench", "Simulation", "Workers", "Delivery", "Coordination", "Ingress", "Sandbox", "Membership", "Settings",
        "CMimalloc", "Lanes", "Channels", "Redis", "Conversations", "Replies", "TextRules", "BusinessTime", "Contracts",
        "Instants",
        "Telemetry", .argumentParser, .hummingbird, .httpClient, .lifecycle, .log, .protobuf,
    ],
    // Decisions make many small, short-lived allocations; glibc's slow paths took a fifth of a runner's time with them.
    linkerSettings: [.linkedLibrary("mimalloc")]
)

let tests: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: ["Redis", "Lanes", "Contracts", "Instants"],
        path: "Tests/TestSupport"
    ),
    .target(name: "TestEffort", path: "Tests/TestEffort"),
    .testTarget(name: "TidyTests"),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
    .testTarget(name: "InstantsTests", dependencies: ["Instants"]),
    .testTarget(name: "ContractsTests", dependencies: ["TestEffort", "Contracts", "Instants", .protobuf]),
    .testTarget(
        name: "BusinessTimeTests", dependencies: ["BusinessTime", "Contracts", "Instants"],
        resources: [.copy("zoneinfo_reference.py")]),
    .testTarget(name: "TextRulesTests", dependencies: ["TextRules"]),
    .testTarget(name: "RepliesTests", dependencies: ["Replies", "BusinessTime", "Instants", .mustache]),
    .testTarget(
        name: "ConversationsTests",
        dependencies: [
            "TestEffort", "Conversations", "Contracts", "Replies", "TextRules", "BusinessTime", "Instants", .protobuf,
        ]
    ),
    .testTarget(
        name: "RedisTests", dependencies: ["TestEffort", "Contracts", "Redis", "TestSupport", "CHiredis", "COpenSSL"]),
    .testTarget(
        name: "LanesTests",
        dependencies: ["TestEffort", "Lanes", "Redis", "Contracts", "Instants", "TestSupport", .protobuf]
    ),
    .testTarget(
        name: "MembershipTests",
        dependencies: [
            "TestEffort", "Membership", "Coordination", "Lanes", "Redis", "Contracts", "Instants", "TestSupport", .log,
        ]
    ),
    .testTarget(
        name: "SimulationTests",
        dependencies: ["Simulation", "Coordination", "Contracts", "Instants"]
    ),
    .testTarget(
        name: "ChannelsTests", dependencies: ["TestEffort", "Channels", "Contracts", "Instants"],
        resources: [.copy("Fixtures")]),
    .testTarget(
        name: "SettingsTests",
        dependencies: [
            "Settings", "Lanes", "Channels", "Conversations", "BusinessTime", "Replies", "TextRules", "Contracts",
            "Instants", "TestSupport", .yaml,
        ]
    ),
    .testTarget(
        name: "WorkersTests",
        dependencies: [
            "TestEffort",
            "Bench", "Workers", "Delivery", "Coordination", "Membership", "Settings", "Lanes", "Redis", "Conversations",
            "Channels", "Contracts",
            "BusinessTime", "Replies", "TextRules",
            "Instants", "Sandbox", "TestSupport", .hummingbird, .hummingbirdTesting, .httpClient, .log, .protobuf,
        ]
    ),
    .testTarget(
        name: "IngressTests",
        dependencies: [
            "Ingress", "Sandbox", "Lanes", "Channels", "Settings", "Redis", "Contracts", "Instants", "Telemetry",
            "TestSupport", .hummingbird, .hummingbirdTesting, .httpClient, .log, .protobuf,
        ]
    ),
    .testTarget(
        name: "SandboxTests",
        dependencies: [
            "Sandbox", "Delivery", "Settings", "Lanes", "Channels", "Contracts", "Instants", "TestSupport",
            .hummingbird,
            .hummingbirdTesting, .httpClient, .log,
        ]
    ),
    .testTarget(
        name: "BenchTests",
        dependencies: ["Bench", "Sandbox", "Lanes", "Redis", "Contracts", "Instants", "TestSupport", .protobuf]
    ),
]

/// Each Redis function lies in a file of its own and is compiled into the executable, which therefore can be copied
/// anywhere by itself.
var luaFiles: [Resource] {
    [
        "shared", "append", "read", "take", "release", "commit", "claim", "settle", "control", "erase", "trim",
        "freeze", "import", "discard", "thaw",
        "forget",
    ].map { .embedInCode("Functions/\($0).lua") }
        + ["topology", "publish", "move"].map { .embedInCode("Control/Functions/\($0).lua") }
        + ["once", "brake", "lease"].map { .embedInCode("Accounts/Functions/\($0).lua") }
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let collections = product(name: "Collections", package: "swift-collections")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let log = product(name: "Logging", package: "swift-log")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let sqlite = product(name: "GRDB", package: "GRDB.swift")
    static let yaml = product(name: "Yams", package: "Yams")
}

/// The arrows between targets are DESIGN.md's and are held by `Tests/TidyTests`: a target imports what it lists here
/// and nothing else, pure targets list no package that does I/O, and `Redis` is listed only by those that own keys.
let package = Package(
    name: "nightshift",
    products: [.executable(name: "nightshift", targets: ["nightshift"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: systemLibraries + pureTargets + shells + [executable] + tests
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ]
}

// Generated messages keep their fields in a class, so every access of a field is checked for exclusivity at run time: half
// of a decision and of an encoding (6.1 -> 3.3 µs and 1.0 -> 0.57 µs, medians). The messages are values and their storage is
// private to generated code; debug builds, and with them all tests, keep the check.
for target in package.targets where target.name == "Contracts" {
    target.swiftSettings? += [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
}
