#include "frugal/ledger/ledger.h"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "frugal/ledger/schema.h"
#include "frugal/ledger/sqlite.h"
#include "frugal/ledger/test_support.h"

namespace frugal::ledger {
namespace {

namespace fs = std::filesystem;

using testing::fault_of;
using testing::sample_info;
using testing::sample_reading;
using testing::sample_receipt;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class LedgerTest : public testing::FolderTest {
 protected:
  // A look at the file past the ledger.
  [[nodiscard]] sqlite::Connection raw() const {
    return {file(), sqlite::Access::kReadWrite, std::chrono::milliseconds(1000)};
  }
};

void expect_same_bits(double got, double want) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(got), std::bit_cast<std::uint64_t>(want))
      << got << " is not " << want;
}

void expect_same(const meter::Reading& got, const meter::Reading& want) {
  EXPECT_EQ(got.domain, want.domain);
  EXPECT_EQ(got.boundary, want.boundary);
  EXPECT_EQ(got.quality, want.quality);
  expect_same_bits(got.energy.value(), want.energy.value());
  expect_same_bits(got.uncertainty.value(), want.uncertainty.value());
  expect_same_bits(got.time.value(), want.time.value());
  EXPECT_EQ(got.note, want.note);
}

TEST_F(LedgerTest, ARunComesBackAsItWasBegun) {
  RunInfo info = sample_info("run");
  info.command = std::string("frugal run \0 '\"; DROP TABLE run; -- ünï \xff", 40);
  RunId id = 0;
  {
    Ledger ledger(file());
    id = ledger.begin(info);
  }
  const Ledger ledger(file(), Ledger::Mode::kReadOnly);
  const std::optional<ledger::Run> run = ledger.run(id);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->id, id);
  EXPECT_EQ(run->parent, std::nullopt);
  EXPECT_EQ(run->started_at.size(), 20U);
  EXPECT_EQ(run->finished_at, "");
  EXPECT_EQ(run->info.verb, info.verb);
  EXPECT_EQ(run->info.command, info.command);
  EXPECT_EQ(run->info.model, info.model);
  EXPECT_EQ(run->info.plan, info.plan);
  EXPECT_EQ(run->info.settings, info.settings);
  EXPECT_EQ(run->info.machine, info.machine);
  EXPECT_EQ(run->info.version, info.version);
  EXPECT_TRUE(run->readings.empty());
  EXPECT_FALSE(run->receipt);
}

TEST_F(LedgerTest, ReadingsComeBackBitByBitAndInOrder) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  std::vector<meter::Reading> readings;
  for (const double energy : {1.0 / 3.0, 5e-324, 1.7976931348623157e308, 0.0, 3.0}) {
    readings.push_back(sample_reading("package-" + std::to_string(readings.size()), energy));
  }
  for (const auto boundary :
       {meter::Boundary::kDevice, meter::Boundary::kWall, meter::Boundary::kFacility}) {
    readings.push_back(sample_reading("b", 1.0));
    readings.back().boundary = boundary;
  }
  for (const auto quality : {meter::Quality::kMeasured, meter::Quality::kModelled}) {
    readings.push_back(sample_reading("q", 1.0));
    readings.back().quality = quality;
  }
  ledger.add_readings(id, {readings.begin(), readings.begin() + 4});
  ledger.add_readings(id, {readings.begin() + 4, readings.end()});
  const ledger::Run run = ledger.run(id).value();
  ASSERT_EQ(run.readings.size(), readings.size());
  for (std::size_t i = 0; i < readings.size(); ++i) expect_same(run.readings[i], readings[i]);
}

TEST_F(LedgerTest, AnUnavailableReadingHasNoEnergyRatherThanZero) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  meter::Reading reading = sample_reading("dram-0", 99.0);
  reading.quality = meter::Quality::kUnavailable;
  reading.note = "no permission";
  ledger.add_readings(id, {reading});
  account::Receipt receipt = sample_receipt();
  receipt.total = reading;
  ledger.add_receipt(id, receipt);

  const ledger::Run run = ledger.run(id).value();
  EXPECT_EQ(run.readings.at(0).quality, meter::Quality::kUnavailable);
  EXPECT_EQ(run.readings.at(0).note, "no permission");
  expect_same_bits(run.readings.at(0).time.value(), reading.time.value());
  EXPECT_EQ(run.receipt.value().total.quality, meter::Quality::kUnavailable);
  EXPECT_EQ(run.receipt->work, receipt.work);

  const sqlite::Connection db = raw();
  for (const char* table : {"reading", "receipt", "phase"}) {
    const std::string from = std::string(" FROM ") + table;
    EXPECT_GT(db.integer("SELECT count(*)" + from), 0) << table;
    EXPECT_EQ(db.integer("SELECT count(energy_j) + count(energy_j_std)" + from), 0) << table;
  }
}

TEST_F(LedgerTest, AReceiptComesBackWithAllItsWork) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  account::Receipt receipt = sample_receipt();
  receipt.work[Phase::kDecode].cost.add(Op::kInt8, (1ULL << 63U) + 5);
  ledger.add_receipt(id, receipt);
  const account::Receipt got = ledger.run(id).value().receipt.value();
  expect_same(got.total, receipt.total);
  for (const Phase phase : kAllPhases) {
    expect_same_bits(got[phase].energy.value(), receipt[phase].energy.value());
    expect_same_bits(got[phase].uncertainty.value(), receipt[phase].uncertainty.value());
  }
  EXPECT_EQ(got.work, receipt.work);
  expect_same_bits(got.rejected.energy.value(), receipt.rejected.energy.value());
  expect_same_bits(got.recomputed.uncertainty.value(), receipt.recomputed.uncertainty.value());
  ASSERT_EQ(got.layers.size(), receipt.layers.size());
  for (std::size_t i = 0; i < got.layers.size(); ++i) {
    expect_same_bits(got.layers[i].energy.value(), receipt.layers[i].energy.value());
    expect_same_bits(got.layers[i].uncertainty.value(), receipt.layers[i].uncertainty.value());
  }
}

TEST_F(LedgerTest, PowerComesBackInOrder) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.add_power(id,
                   {{"cpu", Seconds(0.1), Watts(7.0)}, {"dram", Seconds(0.1), Watts(1.0 / 3.0)}});
  ledger.add_power(id, {{"cpu", Seconds(0.2), Watts(8.0)}});
  const std::vector<PowerSample> got = ledger.run(id).value().power;
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[1].domain, "dram");
  EXPECT_EQ(got[1].power.value(), 1.0 / 3.0);
  EXPECT_EQ(got[2].at, Seconds(0.2));
}

TEST_F(LedgerTest, AFileOfTheFirstVersionIsReadAsItIsAndBroughtUpToDateForWriting) {
  {
    sqlite::Connection db(file(), sqlite::Access::kReadWrite, std::chrono::milliseconds(2000));
    migrate(db, migrations().first(1));
    db.execute(
        "INSERT INTO run VALUES (1, NULL, 'then', 'later', 'run', '', '', '', '{}', '{}', '0.1.0');"
        "INSERT INTO receipt VALUES (1, 'all', 'host', 'measured', 6.0, 1.0, 2.0, '');"
        "INSERT INTO phase VALUES (1, 'decode', 6.0, 1.0, 2.0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, "
        "0)");
  }
  for (const Ledger::Mode mode : {Ledger::Mode::kReadOnly, Ledger::Mode::kAppend}) {
    const Ledger ledger(file(), mode);
    const ledger::Run run = ledger.run(1).value();
    ASSERT_TRUE(run.receipt);
    EXPECT_EQ((*run.receipt)[Phase::kDecode].energy, Joules(6.0));
    EXPECT_EQ(run.receipt->work[Phase::kDecode].output_tokens, 7U);
    EXPECT_EQ(run.receipt->work[Phase::kDecode].recomputed_tokens, 0U);
    EXPECT_TRUE(run.receipt->layers.empty());
    EXPECT_TRUE(run.power.empty());
  }
  EXPECT_EQ(raw().integer("PRAGMA user_version"), Ledger::kSchemaVersion);
}

TEST_F(LedgerTest, EachCountLiesInTheColumnOfItsName) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  account::Receipt receipt = sample_receipt();
  receipt.work = Work();
  PhaseWork& work = receipt.work[Phase::kTool];
  work.cached_tokens = 2;
  work.cost.add(Op::kSpecial, 3).add(Traffic::kNetwork, 4).add(Traffic::kDram, 5);
  ledger.add_receipt(id, receipt);
  EXPECT_EQ(raw().text("SELECT phase || cached_tokens || ops_special || bytes_network || bytes_dram"
                       " || prompt_tokens || ops_float || bytes_storage"
                       " FROM phase WHERE cached_tokens > 0"),
            "tool2345000");
}

TEST_F(LedgerTest, ARunHasOneReceipt) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.add_receipt(id, sample_receipt());
  account::Receipt second;
  EXPECT_EQ(fault_of([&] { ledger.add_receipt(id, second); }).kind(), ErrorKind::kInvalidArgument);
  expect_same(ledger.run(id).value().receipt.value().total, sample_receipt().total);
}

TEST_F(LedgerTest, MetricsComeBackWithTheirIntervals) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.add_metric(id, {.name = "nll", .value = 1.0 / 3.0, .std_err = 0.01, .count = 5});
  ledger.add_metric(id, {.name = "jpt", .value = 2.5, .low = -kInfinity, .high = kInfinity});
  const ledger::Run run = ledger.run(id).value();
  ASSERT_EQ(run.metrics.size(), 2U);
  const Metric* nll = run.metric("nll");
  ASSERT_NE(nll, nullptr);
  expect_same_bits(nll->value, 1.0 / 3.0);
  EXPECT_EQ(nll->std_err, 0.01);
  EXPECT_EQ(nll->low, std::nullopt);
  EXPECT_EQ(nll->high, std::nullopt);
  EXPECT_EQ(nll->count, 5);
  EXPECT_EQ(run.metric("jpt")->low, -kInfinity);
  EXPECT_EQ(run.metric("jpt")->high, kInfinity);
  EXPECT_EQ(run.metric("jpt")->std_err, std::nullopt);
  EXPECT_EQ(run.metric("none"), nullptr);
}

TEST_F(LedgerTest, AMetricThatIsNotANumberStaysNone) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.add_metric(id, {.name = "nll", .value = std::nan("")});
  EXPECT_TRUE(std::isnan(ledger.run(id).value().metrics.at(0).value));
}

TEST_F(LedgerTest, TheLatestMetricOrNoteOfANameCounts) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.add_metric(id, {.name = "nll", .value = 1.0});
  ledger.add_metric(id, {.name = "nll", .value = 2.0});
  ledger.add_note(id, {.key = "verdict", .text = "first"});
  ledger.add_note(id, {.key = "verdict", .text = "second"});
  const ledger::Run run = ledger.run(id).value();
  EXPECT_EQ(run.metrics.size(), 2U);
  EXPECT_EQ(run.metric("nll")->value, 2.0);
  EXPECT_EQ(run.note("verdict"), "second");
  EXPECT_EQ(run.note("none"), "");
}

TEST_F(LedgerTest, FinishingIsRecordedOnce) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  ledger.finish(id);
  const std::string finished = ledger.run(id).value().finished_at;
  EXPECT_EQ(finished.size(), 20U);
  EXPECT_GE(finished, ledger.run(id).value().started_at);
  EXPECT_EQ(fault_of([&] { ledger.finish(id); }).kind(), ErrorKind::kInvalidArgument);
  EXPECT_NO_THROW(ledger.add_note(id, {.key = "late", .text = "remark"}));
}

TEST_F(LedgerTest, RunsAreListedInOrderAndChildrenByParent) {
  Ledger ledger(file());
  const RunId study = ledger.begin(sample_info("optimize"));
  const RunId other = ledger.begin(sample_info("bench"));
  const RunId first = ledger.begin(sample_info("bench"), study);
  const RunId second = ledger.begin(sample_info("bench"), study);
  ledger.add_note(second, {.key = "reason", .text = "mine"});
  const std::vector<ledger::Run> all = ledger.runs();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].id, study);
  EXPECT_EQ(all[1].id, other);
  EXPECT_EQ(all[2].parent, study);
  const std::vector<ledger::Run> children = ledger.children(study);
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].id, first);
  EXPECT_TRUE(children[0].notes.empty());
  EXPECT_EQ(children[1].note("reason"), "mine");
  EXPECT_TRUE(ledger.children(first).empty());
}

TEST_F(LedgerTest, ARunThatWasNeverBegunIsNotFound) {
  Ledger ledger(file());
  EXPECT_EQ(ledger.run(1), std::nullopt);
  EXPECT_TRUE(ledger.runs().empty());
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { ledger.add_readings(1, {}); }, [&] { ledger.add_receipt(1, {}); },
           [&] { ledger.add_metric(1, {}); }, [&] { ledger.add_note(1, {}); },
           [&] { ledger.finish(1); }, [&] { (void)ledger.begin({}, 1); }}) {
    const Error fault = fault_of(call);
    EXPECT_EQ(fault.kind(), ErrorKind::kNotFound);
    EXPECT_NE(std::string(fault.what()).find("no run 1"), std::string::npos);
  }
}

TEST_F(LedgerTest, AFailedCallLeavesNothingBehind) {
  Ledger ledger(file());
  const RunId id = ledger.begin(sample_info());
  raw().execute(
      "CREATE TRIGGER refuse BEFORE INSERT ON phase WHEN NEW.phase = 'tool'"
      " BEGIN SELECT RAISE(ABORT, 'no'); END");
  (void)fault_of([&] { ledger.add_receipt(id, sample_receipt()); });
  EXPECT_FALSE(ledger.run(id).value().receipt);
  EXPECT_EQ(raw().integer("SELECT count(*) FROM phase"), 0);
  EXPECT_NO_THROW(ledger.add_note(id, {.key = "k", .text = "goes on"}));
}

TEST_F(LedgerTest, TheFileKeepsALogAndIsMarkedAsOurs) {
  const Ledger ledger(file());
  EXPECT_EQ(raw().text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(raw().integer("PRAGMA application_id"), kApplicationId);
}

TEST_F(LedgerTest, ClosingLeavesOneFile) {
  {
    Ledger ledger(file());
    (void)ledger.begin(sample_info());
  }
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(LedgerTest, CanBeMoved) {
  Ledger first(file());
  const RunId id = first.begin(sample_info());
  Ledger second(std::move(first));
  EXPECT_TRUE(second.run(id));
  Ledger third(at("other.sqlite"));
  third = std::move(second);
  EXPECT_TRUE(third.run(id));
}

TEST_F(LedgerTest, AReaderCannotWriteAndSeesWhatIsAppended) {
  Ledger writer(file());
  const RunId id = writer.begin(sample_info());
  Ledger reader(file(), Ledger::Mode::kReadOnly);
  EXPECT_EQ(reader.runs().size(), 1U);
  EXPECT_EQ(fault_of([&] { reader.finish(id); }).kind(), ErrorKind::kPermission);
  (void)writer.begin(sample_info());
  EXPECT_EQ(reader.runs().size(), 2U);
}

TEST_F(LedgerTest, AReaderNeedsNoRightToWrite) {
  {
    Ledger ledger(file());
    (void)ledger.begin(sample_info());
  }
  fs::permissions(folder_.path(), fs::perms(0555));
  const int status = testing::in_child([&] {
    if (!testing::give_up_root()) return testing::kStillRoot;
    return static_cast<int>(Ledger(file(), Ledger::Mode::kReadOnly).runs().size());
  });
  if (status == testing::kStillRoot) GTEST_SKIP() << "cannot give up the rights of root";
  EXPECT_EQ(status, 1);
}

TEST_F(LedgerTest, AWriterInAnUnwritableFolderGetsAPermissionError) {
  fs::permissions(folder_.path(), fs::perms(0555));
  const int status = testing::in_child([&] {
    if (!testing::give_up_root()) return testing::kStillRoot;
    const Ledger ledger(file());
    return 0;
  });
  if (status == testing::kStillRoot) GTEST_SKIP() << "cannot give up the rights of root";
  EXPECT_EQ(status, testing::kFaultCode + static_cast<int>(ErrorKind::kPermission));
}

}  // namespace
}  // namespace frugal::ledger
