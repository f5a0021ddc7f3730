import Channels
import Contracts
import Testing

/// Every row of the table against DOMAIN.md 4.10, written down here a second time: class by class, not by looking at the table.
@Suite("The platform's table of errors, row by row")
struct ErrorTableTests {
    struct Row: Sendable, CustomStringConvertible {
        let code: Int64
        /// Nil: one that no row names; 0: none.
        let subcode: Int64?
        /// What a text comes to at first, and in the end if it is met again and again.
        let first: String
        let last: String

        init(_ code: Int64, _ subcode: Int64?, _ first: String, _ last: String? = nil) {
            (self.code, self.subcode, self.first, self.last) = (code, subcode, first, last ?? first)
        }

        var description: String { "\(code)/\(subcode.map(String.init) ?? "*")" }
    }

    static let rows: [Row] = [
        // R×2, then S.
        Row(1, 99, "again 2", "stop"), Row(1, nil, "again 2", "stop"),
        Row(1, 1_357_046, "ambiguous"),
        // R, at most three times within ten minutes, then T.
        Row(2, nil, "again 10", "failed"), Row(1_200, nil, "again 2", "failed"),
        Row(2, 2_018_344, "stop"), Row(3, 0, "stop"),
        // B, the whole app, the account.
        Row(4, nil, "brake app 60"), Row(17, nil, "brake account 60"), Row(32, nil, "brake account 60"),
        Row(613, nil, "brake account 60"), Row(80_001, nil, "brake account 60"), Row(80_002, nil, "brake account 60"),
        Row(80_006, nil, "brake account 60"),
        // T.
        Row(9, 2_018_352, "failed"), Row(27, nil, "failed"), Row(100, nil, "failed"), Row(200, 1_545_041, "failed"),
        Row(230, nil, "failed"), Row(551, nil, "failed"), Row(9_010, nil, "failed"), Row(10_900, nil, "failed"),
        Row(2_534_014, nil, "failed"),
        // T, and success of a private reply that was ours.
        Row(10_903, nil, "failed"), Row(2_534_037, nil, "failed"), Row(2_534_038, nil, "failed"),
        Row(2_534_039, nil, "failed"), Row(2_534_040, nil, "failed"),
        // W.
        Row(10, 2_018_278, "window_closed"), Row(10, 2_018_065, "window_closed"), Row(10, 2_534_022, "window_closed"),
        Row(100, 2_534_022, "window_closed"), Row(2_534_022, nil, "window_closed"),
        // S. A permission that is gone may be back at once, so it is asked for thrice.
        Row(10, 0, "again 2", "stop"), Row(200, 0, "again 2", "stop"),
        Row(10, 2_018_108, "stop"), Row(10, 1_893_063, "stop"), Row(102, 0, "stop"), Row(190, nil, "stop"),
        Row(200, 2_018_028, "stop"), Row(200, 2_018_027, "stop"), Row(200, 2_018_021, "stop"), Row(368, nil, "stop"),
        Row(2_534_029, nil, "stop"), Row(2_534_122, nil, "stop"),
    ]

    private static func word(
        _ code: Int64, _ subcode: Int64?, attempt: Int = 1, status: Int = 400, kind: Action.Kind = .send,
        earlier: Bool? = nil
    ) -> String {
        var error: [String: JSONValue] = ["code": .integer(code), "message": "x"]
        if let subcode { error["error_subcode"] = .integer(subcode) }
        let answer = MetaAnswer(status: status, body: JSONValue.object(["error": .object(error)]).bytes())
        return SendAnswerTests.word(answer.outcome(of: kind, attempt: attempt, earlier: earlier))
    }

    @Test("the table has these rows and no other, each once")
    func complete() {
        let names = { (code: Int64, subcode: Int64?) in "\(code)/\(subcode.map(String.init) ?? "*")" }
        let table = MetaErrorTable.rows.map { names($0.code, $0.subcode) }
        #expect(table.sorted() == Self.rows.map(\.description).sorted())
        #expect(Set(table).count == table.count)
    }

    @Test("each row is its class, at first and in the end", arguments: rows)
    func outcome(row: Row) {
        // A subcode without a row of its own has the code's; so has none.
        let subcodes: [Int64?] = row.subcode.map { $0 == 0 ? [nil, 0] : [$0] } ?? [nil, 7]
        for subcode in subcodes {
            let isOwn = subcode == nil || subcode == 0
            let own = Self.rows.first { $0.code == row.code && $0.subcode == 0 && isOwn } ?? row
            #expect(Self.word(row.code, subcode) == own.first, "\(row)")
            #expect(Self.word(row.code, subcode, attempt: 50) == own.last, "\(row)")
        }
    }

    @Test("Instagram's own numbers count in either place, under whatever code they come")
    func eitherPlace() {
        for row in Self.rows where row.code >= 2_534_000 {
            #expect(Self.word(200, row.code) == row.first, "\(row)")
            #expect(Self.word(987_654, row.code) == row.first, "\(row)")
        }
    }

    @Test("a private reply that was given before is a success where an earlier attempt of ours may have been taken")
    func usedUp() {
        for code: Int64 in [10_903, 2_534_037, 2_534_038, 2_534_039, 2_534_040] {
            #expect(Self.word(code, nil, attempt: 2, kind: .privateReply, earlier: true) == "delivered ", "\(code)")
        }
    }

    @Test(
        "what is no error of the platform goes by its status: nobody can tell, or too many calls",
        arguments: [
            (500, "<html>", "ambiguous"), (502, "", "ambiguous"), (504, "{}", "ambiguous"), (200, "", "ambiguous"),
            (429, #"{"error":{"code":987654}}"#, "brake account 60"), (400, #"{"error":{"code":987654}}"#, "failed"),
            (503, #"{"error":{"code":987654}}"#, "ambiguous"), (400, #"{"error":{}}"#, "ambiguous"),
            (500, #"{"error":{"code":1200}}"#, "ambiguous"), (500, #"{"error":{"code":190}}"#, "stop"),
        ] as [(Int, String, String)])
    func status(status: Int, body: String, expected: String) {
        let answer = MetaAnswer(status: status, body: Array(body.utf8))
        #expect(SendAnswerTests.word(answer.outcome(of: .send, attempt: 1)) == expected)
    }
}
