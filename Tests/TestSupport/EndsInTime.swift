import Testing

extension Trait where Self == TimeLimitTrait {
    /// What takes longer hangs: 10 minutes, an hour under a sanitizer.
    public static var endsInTime: Self { .timeLimit(.minutes(Sanitizer.isOn ? 60 : 10)) }
}
