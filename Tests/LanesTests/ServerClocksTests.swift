import Instants
import Synchronization
import Testing

@testable import Lanes

@Suite("Clocks of servers")
struct ServerClocksTests {
    private static let day: Duration = .seconds(86_400)
    private static let noon = Instant(seconds: 1_800_000_000)

    /// How far this process's clock and those of all primaries are from noon, in seconds, and of these the server asked for.
    private static let cases: [(own: Int, servers: [Int], asked: Int, isOff: Bool)] = [
        (0, [0], 0, false), (0, [59], 0, false), (0, [61], 0, true), (0, [-61], 0, true), (0, [86_400], 0, true),
        // One primary of three leapt, forwards or backwards; the others go on.
        (0, [0, 86_400, 0], 1, true), (0, [0, 86_400, 0], 0, false), (0, [0, -86_400, 0], 1, true),
        // Ours is the wrong one: all that agree are believed.
        (-86_400, [0, 0, 0], 1, false), (86_400, [0, 1, 0], 2, false), (-86_400, [0, 0], 0, false),
        // Ours is wrong and so is one of three.
        (-86_400, [0, 0, 86_400], 2, true), (-86_400, [0, 0, 86_400], 1, false),
        (0, [86_400, 0], 0, true), (0, [86_400, 0], 1, false),
    ]

    @Test("a clock is off if it is a minute from the median of all, in either direction", arguments: cases.indices)
    func median(index: Int) {
        let (own, servers, asked, isOff) = Self.cases[index]
        let clocks = ServerClocks(own: { Self.noon + .seconds(own) })
        let now = ContinuousClock.now
        clocks.note(
            servers.enumerated().map { (name: "\($0)", time: Self.noon + .seconds($1), read: now) })
        #expect(clocks.isOff(Self.noon + .seconds(servers[asked]), at: now) == isOff)
    }

    @Test("what was read a while ago is carried on by the monotonic clock")
    func carried() {
        let now = ContinuousClock.now
        let clocks = ServerClocks(own: { Self.noon - Self.day })
        clocks.note((0..<3).map { (name: "\($0)", time: Self.noon, read: now) })
        #expect(!clocks.isOff(Self.noon + .seconds(600), at: now + .seconds(600)))
        #expect(clocks.isOff(Self.noon + .seconds(600), at: now))
    }

    @Test("our clock is set while the process runs: no reason to doubt a server, before or after")
    func ownIsSet() {
        let own = Mutex(Self.noon)
        let clocks = ServerClocks(own: { own.withLock { $0 } })
        let now = ContinuousClock.now
        own.withLock { $0 = Self.noon + Self.day }
        #expect(!clocks.isOff(Self.noon, at: now) && clocks.lead(of: Self.noon, at: now) < .seconds(60))
        #expect(!clocks.isOff(Self.noon + Self.day, at: now))
        #expect(clocks.isOff(Self.noon + .seconds(3_600), at: now))
    }

    @Test("a lead is told with its sign")
    func lead() {
        let clocks = ServerClocks(own: { Self.noon })
        #expect(abs(clocks.lead(of: Self.noon + .seconds(5)) / .seconds(1) - 5) < 0.5)
        #expect(abs(clocks.lead(of: Self.noon - .seconds(5)) / .seconds(1) + 5) < 0.5)
    }
}
