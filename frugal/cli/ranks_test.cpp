#include "frugal/cli/ranks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"

namespace frugal::cli {
namespace {

Environment environment(const std::map<std::string, std::string>& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string refusal(const std::map<std::string, std::string>& variables) {
  try {
    (void)ranks_of(environment(variables));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  ADD_FAILURE() << "was taken";
  return "";
}

TEST(Ranks, AProcessThatWasStartedAloneHasNone) {
  EXPECT_FALSE(ranks_of(environment({})));
  EXPECT_FALSE(ranks_of(environment({{"RANK", "1"}}))) << "half a launcher is none";
  EXPECT_FALSE(ranks_of(environment({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}})))
      << "a batch script is no step of srun";
}

TEST(Ranks, AreReadFromTheVariablesOfEachLauncher) {
  const auto torchrun = ranks_of(environment({{"RANK", "3"},
                                              {"WORLD_SIZE", "8"},
                                              {"LOCAL_RANK", "1"},
                                              {"MASTER_ADDR", "node7"},
                                              {"MASTER_PORT", "1234"},
                                              {"GLOO_SOCKET_IFNAME", "ib0"}}));
  ASSERT_TRUE(torchrun);
  EXPECT_EQ(torchrun->rank, 3U);
  EXPECT_EQ(torchrun->count, 8U);
  EXPECT_EQ(torchrun->local_rank, 1U);
  EXPECT_EQ(torchrun->address, "node7");
  EXPECT_EQ(torchrun->port, 1234);
  EXPECT_EQ(torchrun->interface, "ib0");
  const auto open_mpi =
      ranks_of(environment({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}}));
  ASSERT_TRUE(open_mpi);
  EXPECT_EQ(open_mpi->rank, 1U);
  EXPECT_EQ(open_mpi->address, "127.0.0.1");
  EXPECT_EQ(open_mpi->port, 29500);
  EXPECT_EQ(ranks_of(environment({{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}}))->rank, 2U);
  EXPECT_EQ(ranks_of(environment({{"SLURM_PROCID", "4"}, {"SLURM_STEP_NUM_TASKS", "6"}}))->count,
            6U);
}

TEST(Ranks, ThatCannotBeAreRefusedByName) {
  EXPECT_NE(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}).find("RANK='2'"), std::string::npos);
  EXPECT_NE(refusal({{"RANK", "x"}, {"WORLD_SIZE", "2"}}).find("RANK='x'"), std::string::npos);
  EXPECT_NE(refusal({{"RANK", "0"}, {"WORLD_SIZE", "0"}}).find("WORLD_SIZE='0'"),
            std::string::npos);
  EXPECT_NE(
      refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "70000"}}).find("MASTER_PORT"),
      std::string::npos);
}

TEST(Ranks, OfOneMachineShareItsCpus) {
  const auto here = [](const std::map<std::string, std::string>& variables) {
    const Environment e = environment(variables);
    return local_ranks(e, *ranks_of(e));
  };
  EXPECT_EQ(here({{"RANK", "0"}, {"WORLD_SIZE", "8"}, {"LOCAL_WORLD_SIZE", "4"}}), 4U);
  EXPECT_EQ(here({{"RANK", "0"}, {"WORLD_SIZE", "8"}}), 8U) << "rank 0 is at 127.0.0.1";
  EXPECT_EQ(here({{"RANK", "0"}, {"WORLD_SIZE", "8"}, {"MASTER_ADDR", "node7"}}), 1U);
  EXPECT_EQ(here({{"SLURM_PROCID", "0"},
                  {"SLURM_STEP_NUM_TASKS", "6"},
                  {"SLURM_STEP_TASKS_PER_NODE", "2(x3)"},
                  {"MASTER_ADDR", "node7"}}),
            2U);
}

TEST(RankChildren, KnowTheirPlace) {
  RankChildren children;
  children.start(
      {"sh", "-c", "echo $RANK of $WORLD_SIZE at $MASTER_ADDR:$MASTER_PORT by $FRUGAL_LAUNCHER"}, 3,
      4321);
  children.finish(60.0);
  const std::string by = " of 3 at 127.0.0.1:4321 by " + std::to_string(::getpid());
  EXPECT_EQ(children.faults(), "rank 1 said: 1" + by + "; rank 2 said: 2" + by);
}

TEST(RankChildren, SayHowTheyEnded) {
  RankChildren children;
  children.start({"sh", "-c", "[ $RANK = 2 ] || kill -KILL $$"}, 3, 1);
  children.finish(60.0);
  EXPECT_EQ(children.faults(), "rank 1 was ended by signal 9");
  EXPECT_THROW(children.check(), Error) << "one that has ended cannot come";
}

TEST(RankChildren, WhatDoesNotEndIsEnded) {
  RankChildren children;
  children.start({"sleep", "1000"}, 3, 1);
  children.check();
  const Seconds start = monotonic_now();
  children.finish(0.1);
  EXPECT_LT((monotonic_now() - start).value(), 60.0);
  EXPECT_EQ(children.faults(), "") << "that was our own doing";
}

TEST(RankChildren, ThatCannotBeStartedAreNotFound) {
  RankChildren children;
  try {
    children.start({"no-such-program-here"}, 2, 1);
    ADD_FAILURE() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

TEST(Launcher, IsOurParentOrNobody) {
  EXPECT_TRUE(launcher_lives(environment({{"FRUGAL_LAUNCHER", std::to_string(::getppid())}})));
  EXPECT_FALSE(launcher_lives(environment({{"FRUGAL_LAUNCHER", std::to_string(::getpid())}})));
  EXPECT_FALSE(launcher_lives(environment({})));
}

}  // namespace
}  // namespace frugal::cli
