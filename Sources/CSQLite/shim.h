#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

/// Sets one on/off option of sqlite3_db_config(), which Swift cannot call because it is variadic.
/// Returns SQLITE_ERROR if SQLite accepts the call but leaves the option as it was.
static inline int csqlite_set_option(sqlite3 *connection, int option, int on) {
    int inForce = -1;
    int code = sqlite3_db_config(connection, option, on, &inForce);
    return (code == SQLITE_OK && inForce != on) ? SQLITE_ERROR : code;
}

/// Leaves out SQLite's statistics of its memory, for which every allocation takes a lock. Refused once SQLite is in
/// use.
static inline int csqlite_omit_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// SQLITE_TRANSIENT: SQLite copies a bound value before the call returns. Swift does not import the macro's cast.
static inline sqlite3_destructor_type csqlite_transient(void) {
    return SQLITE_TRANSIENT;
}

#endif
