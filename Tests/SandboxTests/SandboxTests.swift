import Testing

@Suite("The platform's double")
struct SandboxTests {}
