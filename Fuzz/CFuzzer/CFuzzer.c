#include "CFuzzer.h"

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

static CFuzzerTarget target;

/* The library refers to it by this name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    target(bytes, count);
    return 0;
}

int cfuzzer_run(int argc, char **argv, CFuzzerTarget new_target)
{
    target = new_target;
    return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
}
