import Channels
import Contracts
import Delivery
import Foundation
import Instants
import Sandbox
import Testing

@Suite("The double throttles")
struct SandboxThrottleTests {
    @Test(
        "a throttled call is refused with the time until it is over, and stands in the ledger as one that was refused")
    func refused() async throws {
        var settings = SandboxTests.settings()
        // Nobody is throttled in the first window, so it is a short one.
        settings.throttle = ThrottlePlan(every: .milliseconds(1), last: .milliseconds(1))
        try await SandboxTests.run(settings) { url, ledger, _ in
            guard
                case .braked(.account, let time, _) = try await SandboxTests.carryOut(
                    SandboxTests.action(.send), at: url)
            else {
                Issue.record("expected braked")
                return
            }
            #expect(time > .zero && time <= .seconds(1))
            let lines = try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 1 && lines.first?.contains("\"throttled\"") == true)
        }
    }

    @Test("parts of a minute are read as such", arguments: [("0.05", Duration.seconds(3)), ("19", .seconds(19 * 60))])
    func regain(minutes: String, time: Duration) {
        let header = #"{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":\#(minutes)}]}"#
        #expect(MetaUsage(headers: ["x-business-use-case-usage": header])?.regainAfter == time)
    }
}
