import ArgumentParser
import Instants
import Sandbox

/// What goes wrong in the sandbox; nothing unless it is asked for.
struct SandboxTrouble: ParsableArguments {
    @Option(help: "Calls of a thousand that are taken and not answered.") var timeouts = 0
    @Option(help: "Calls of a thousand that are refused for now or fail without a reason.") var errors = 0
    @Option(help: "Milliseconds from one throttling of an account to the next; 0: never.") var throttleEveryMs: Int64 =
        0
    @Option(help: "How long each lasts.") var throttleMs: Int64 = 0

    @Option(help: "Seconds after a customer's last action in which texts are taken; 0: as the platform documents it.")
    var windowS: Int64 = 0
    @Option(help: "The same for texts with the tag for people.") var personWindowS: Int64 = 0
    @Option(help: "How far its clock is ahead of the machine's, as that of a virtual namespace.")
    var clockAheadMs: Int64 = 0
    @Flag(
        inversion: .prefixedNo,
        help: "Whether each text that is taken comes back by webhook, as the platform's echoes do.")
    var echoes = true
    @Option(
        name: .customLong("limit"),
        help: ArgumentHelp(
            "What it takes of an account, in place of what the platform documents; may be said of several.",
            valueName: "NAME=MOST/SECONDS"))
    var limits: [SandboxLimit] = []

    func apply(to settings: inout SandboxSettings) {
        settings.faults = [
            SandboxFault(perMille: timeouts, .acceptSilently),
            SandboxFault(perMille: errors / 2, .refuse(status: 400, code: 1_200)),
            SandboxFault(perMille: errors - errors / 2, .fail),
        ]
        settings.echoes = echoes
        settings.limits = SandboxLimit.platform(but: limits)
        settings.windows =
            windowS > 0 ? WindowPlan(standard: .seconds(windowS), person: .seconds(personWindowS)) : .platform
        if throttleEveryMs > 0 {
            settings.throttle = ThrottlePlan(
                every: .milliseconds(throttleEveryMs), last: .milliseconds(throttleMs))
        }
    }
}

extension SandboxLimit: ExpressibleByArgument {
    /// As in `sends=10/1`.
    package init?(argument: String) { self.init(text: argument) }

    package static var allValueStrings: [String] { Counted.allCases.map { "\($0.rawValue)=MOST/SECONDS" } }
}
