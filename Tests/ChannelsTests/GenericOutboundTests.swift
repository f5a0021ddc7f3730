import Channels
import Testing

@Suite("What a bridge's answers come to")
struct GenericOutboundTests {
    private static let sent = "Sun, 06 Nov 1994 08:49:37 GMT"

    @Test(
        "one that is told to wait brakes its account, for as long as it says; a minute where nobody can tell, an hour at most",
        arguments: [
            (["retry-after": "17"], 17), (["retry-after": "999999999999"], 3_600), (["retry-after": "0"], 60),
            (["retry-after": "-5"], 60), (["retry-after": "soon"], 60), ([:], 60),
            (["retry-after": "Sun, 06 Nov 1994 08:51:07 GMT", "date": sent], 90),
            (["retry-after": "Sun, 06 Nov 1994 08:51:07 GMT"], 60), (["retry-after": sent, "date": sent], 60),
            (["retry-after": "Mon, 07 Nov 1994 08:49:37 GMT", "date": sent], 3_600),
        ] as [([String: String], Int64)], [429, 503])
    func braked(told: ([String: String], Int64), status: Int) {
        let answer = GenericOutbound.outcome(status: status, headers: told.0, body: [], attempt: 1)
        guard case .braked(.account, let time, let failure) = answer else {
            Issue.record("expected a brake, got \(answer)")
            return
        }
        #expect(time == .seconds(told.1) && failure.status == status)
    }
}
