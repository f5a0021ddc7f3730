import Bench
import Channels
import Contracts
import Lanes

/// What `conversation forget` prints.
struct ForgetReport {
    let code: String
    let lanes: [(lane: LaneName, tally: ForgetTally)]
    let quarantined: Int
    let proof: PersonProof

    func print(asJSON: Bool) {
        if asJSON { return Output.line(document.text()) }
        for (lane, tally) in lanes {
            let gone = zip(ForgetTally.names, tally.counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
            Output.line("\(lane)  \(gone.isEmpty ? "nothing" : gone.joined(separator: ", "))")
        }
        if quarantined > 0 { Output.line("quarantine  \(quarantined) updates") }
        for thread in proof.stays {
            Output.line("\(thread)  stays, since others wrote in it: its name is the id of their first comment")
        }
        for sentence in proof.unsearched { Output.line("not searched for: \(sentence)") }
        let trace = proof.trace
        Output.line(
            "\(trace.keys) keys with \(trace.bytes) bytes read: \(proof.finds.isEmpty ? "nothing is left" : "LEFT:")")
        for find in proof.finds { Output.line("\(find.key)  holds \(find.name)") }
        for thread in proof.lostRoots {
            Output.line(
                "\(thread)  nobody can tell who began it: neither its state nor the log that is left names them")
        }
    }

    private var document: JSONValue {
        let lanes = lanes.map { lane, tally in
            var fields: [String: JSONValue] = ["lane": .string(lane.text)]
            for (name, count) in zip(ForgetTally.names, tally.counts) { fields[name] = .integer(Int64(count)) }
            return JSONValue.object(fields)
        }
        let left = proof.finds.map { ["key": .string($0.key), "holds": .string($0.name)] as JSONValue }
        return [
            "code": .string(code), "lanes": .array(lanes), "quarantined": .integer(Int64(quarantined)),
            "keys_read": .integer(Int64(proof.trace.keys)), "bytes_read": .integer(Int64(proof.trace.bytes)),
            "left": .array(left), "stays": .array(proof.stays.map { .string($0) }),
            "not_searched": .array(proof.unsearched.map { .string($0) }),
            "unknown_beginnings": .array(proof.lostRoots.map { .string($0) }),
        ]
    }
}
