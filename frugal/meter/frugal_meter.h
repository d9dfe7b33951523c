#pragma once

/// The meter for C, and for the languages that speak it: windows that nest and overlap.
///
///     char message[256];
///     frugal_meter* meter = frugal_meter_open("auto", message, sizeof message);
///     int whole = frugal_meter_begin(meter);
///     int part = frugal_meter_begin(meter);
///     frugal_reading readings[16];
///     int count = frugal_meter_end(meter, part, readings, 16);
///     …
///     frugal_meter_close(meter);
///
/// Threads: a meter may be used from any thread.
/// Errors:  no call throws or ends the program.  A null meter, window or buffer is an error too.

#include <stddef.h>  // NOLINT(modernize-deprecated-headers): this is C

#ifdef __cplusplus
extern "C" {
#endif

typedef struct frugal_meter frugal_meter;

/// The energy of one domain over one window.
typedef struct frugal_reading {
  char domain[64];      ///< "package-0"; cut where it is longer
  char boundary[16];    ///< "device", "host", "wall", "facility"
  char quality[16];     ///< "measured", "derived", "modelled", "unavailable"
  char note[256];       ///< what widened it, or why it is unavailable; cut where it is longer
  double energy_j;      ///< NaN where it is unavailable: unknown is not 0
  double energy_j_std;  ///< one standard deviation; NaN as above
  double time_s;
} frugal_reading;

/// The meter of that name (what `frugal meter --meter` takes), running.  Null on failure, with the
/// reason in `message`, always terminated.
frugal_meter* frugal_meter_open(const char* name, char* message, size_t message_size);

/// Begins a window.  Returns its number, 0 or more; -1 on failure.
int frugal_meter_begin(frugal_meter* meter);

/// Ends a window: writes at most `capacity` readings, one a domain.  Returns how many domains there
/// are, which may be more than fit; -1 on failure, also for a window that was ended before.
int frugal_meter_end(frugal_meter* meter, int window, frugal_reading* readings, int capacity);

/// Why the last call on this meter failed; "" if none did.  Valid until the next call.
const char* frugal_meter_error(const frugal_meter* meter);

/// Ends all windows.  Null is allowed.
void frugal_meter_close(frugal_meter* meter);

#ifdef __cplusplus
}  // extern "C"
#endif
