/// The C interface, from C: nothing here is C++.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frugal/meter/frugal_meter.h"

static int faults = 0;

static void expect(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  ++faults;
}

static double spin(void) {
  double sum = 0.0;
  for (int i = 1; i < 20000000; ++i) sum += 1.0 / i;
  return sum;
}

static void windows_nest(frugal_meter* meter) {
  frugal_reading outer_readings[4];
  frugal_reading inner_readings[4];
  const int outer = frugal_meter_begin(meter);
  const int inner = frugal_meter_begin(meter);
  expect(outer >= 0 && inner >= 0 && outer != inner, "windows have numbers of their own");
  expect(spin() > 0.0, "work was done");
  expect(frugal_meter_end(meter, inner, inner_readings, 4) == 1, "the model has one domain");
  expect(frugal_meter_end(meter, outer, outer_readings, 4) == 1, "the model has one domain");
  expect(strcmp(inner_readings[0].domain, "cpu") == 0, "its domain is the processor");
  expect(strcmp(inner_readings[0].quality, "modelled") == 0, "a model does not measure");
  expect(strcmp(inner_readings[0].boundary, "device") == 0, "its boundary is the device");
  expect(inner_readings[0].energy_j > 0.0, "work costs energy");
  expect(inner_readings[0].energy_j_std > 0.0, "and nobody knows exactly how much");
  expect(outer_readings[0].energy_j >= inner_readings[0].energy_j, "a part is not more than the whole");
  expect(outer_readings[0].time_s >= inner_readings[0].time_s, "nor longer");
}

static void mistakes_are_errors(frugal_meter* meter) {
  frugal_reading reading;
  char message[32];
  expect(frugal_meter_end(meter, 77, &reading, 1) == -1, "an unknown window is refused");
  expect(strstr(frugal_meter_error(meter), "77") != NULL, "and named");
  const int window = frugal_meter_begin(meter);
  expect(strcmp(frugal_meter_error(meter), "") == 0, "a call that works clears the error");
  expect(frugal_meter_end(meter, window, NULL, 0) == 1, "how many readings there are may be asked");
  expect(frugal_meter_end(meter, window, &reading, 1) == -1, "a window ends once");
  expect(frugal_meter_begin(NULL) == -1, "no meter, no window");
  expect(frugal_meter_open("no-such-meter", message, sizeof message) == NULL, "a name is checked");
  expect(strlen(message) == sizeof message - 1, "a message is cut to its buffer");
  expect(frugal_meter_open("no-such-meter", NULL, 0) == NULL, "a message is not obligatory");
}

int main(void) {
  char message[256];
  frugal_meter* meter = frugal_meter_open("model", message, sizeof message);
  if (meter == NULL) {
    fprintf(stderr, "no meter: %s\n", message);
    return 1;
  }
  windows_nest(meter);
  mistakes_are_errors(meter);
  frugal_meter_close(meter);
  frugal_meter_close(NULL);
  return faults == 0 ? 0 : 1;
}
