import ArgumentParser
import Logging

/// The one executable: argument parsing and wiring, nothing else.
@main
struct Nightshift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nightshift",
        abstract: "Answers a shop's customers while its people sleep.",
        discussion:
            "Start with `nightshift up --sample`. Every command has --help; those that print facts take --json.",
        version: nightshiftVersion,
        subcommands: [
            UpCommand.self, PublishCommand.self, CheckCommand.self, HoursCommand.self, CoverageCommand.self,
            DecideCommand.self, ClassifyCommand.self,
            AppendCommand.self,
            ResultsCommand.self, ConversationCommand.self, ExplainCommand.self, ReplayCommand.self, AuditCommand.self,
            LanesCommand.self, CapacityCommand.self, ActionsCommand.self, AccountsCommand.self,
            ChannelCommand.self, AutomationCommand.self, DeadCommand.self, QuarantineCommand.self,
            WorkerCommand.self,
            CoordinatorCommand.self, IngressCommand.self, SandboxCommand.self, BenchCommand.self, SimulateCommand.self,
            DrillCommand.self,
        ]
    )
}

/// The version of CHANGELOG.md.
let nightshiftVersion = "0.1.0"
