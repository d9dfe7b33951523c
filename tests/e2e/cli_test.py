"""Does the program do what its help and the README say?"""
import contextlib
import http.server
import json
import os
import signal
import sqlite3
import struct
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from program import FRUGAL, ProgramTest, run, run_json

VERBS = ["info", "inspect", "tokenize", "meter", "calibrate", "run", "bench", "logits", "eval", "imatrix",
         "compress", "train", "optimize", "agent", "carbon", "report", "completion"]


@contextlib.contextmanager
def web(pages):
    """The URL of a server of JSON pages; one that is None hangs."""
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path in pages and pages[self.path] is None:
                ended.wait(300)
                return
            body = json.dumps(pages.get(self.path)).encode()
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


class Help(unittest.TestCase):
    def test_verbs_stand_in_the_order_of_the_data_flow(self):
        text = run("--help").stdout
        places = [text.index(f"\n  {verb} ") for verb in VERBS]
        self.assertEqual(places, sorted(places))

    def test_every_verb_explains_itself(self):
        for verb in VERBS:
            done = run(verb, "--help")
            self.assertEqual(done.returncode, 0, verb)
            if verb != "info":
                self.assertIn("Example", done.stdout, verb)

    def test_version_is_one_line(self):
        self.assertRegex(run("--version").stdout, r"^frugal \d+\.\d+\.\d+\n$")

    def test_without_a_verb_it_teaches_and_fails(self):
        done = run()
        self.assertEqual(done.returncode, 2)
        self.assertIn("frugal optimize", done.stdout)

    def test_completions_parse(self):
        for shell in ["bash", "zsh", "fish"]:
            text = run("completion", shell).stdout
            for verb in VERBS:
                self.assertIn(verb, text)
        subprocess.run(["bash", "-n"], input=run("completion", "bash").stdout, text=True, check=True)


class Verbs(ProgramTest):
    def test_info_lists_instruction_sets_and_meters(self):
        info = run_json("info")
        self.assertIn("scalar", info["isas"])
        self.assertIn(info["isa"], info["isas"])
        meters = {meter["name"]: meter for meter in info["meters"]}
        self.assertTrue(meters["model"]["available"])
        self.assertEqual(meters["model"]["quality"], "modelled")
        for name in ("perf", "rapl", "nvml", "hwmon", "battery"):
            self.assertTrue(meters[name]["detail"], name)
        self.assertIn("chosen because", info["meters"][-1]["detail"])

    def test_inspect_shows_metadata_and_tensors(self):
        found = run_json("inspect", self.model)
        self.assertEqual(found["metadata"]["general.architecture"], "llama")
        names = [tensor["name"] for tensor in found["tensors"]]
        self.assertIn("blk.1.ffn_down.weight", names)
        self.assertIn("blk.1.ffn_down.weight", run("inspect", self.model, "--tensors").stdout)

    def test_inspect_lists_a_safetensors_file_without_its_folder(self):
        header = {"b": {"dtype": "U8", "shape": [3], "data_offsets": [12, 15]},
                  "a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}}
        text = json.dumps(header).encode()
        file = self.folder / "lone.safetensors"
        file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(15))
        found = run_json("inspect", file)
        self.assertEqual(found["format"], "safetensors")
        self.assertEqual(found["tensors"], [
            {"name": "a", "type": "BF16", "dims": [3, 2], "offset": 0, "bytes": 12},
            {"name": "b", "type": "U8", "dims": [3], "offset": 12, "bytes": 3}])
        self.assertIn("safetensors", run("inspect", file, "--tensors").stdout)
        file.write_bytes(b"no tensors at all")
        self.refused(4, "lone.safetensors", "inspect", file)

    def test_tokenize_goes_both_ways(self):
        ids = run_json("tokenize", self.model, "-p", "the big red ball")["ids"]
        back = run("tokenize", self.model, "--decode", "-p", " ".join(map(str, ids)))
        self.assertEqual(back.stdout, "the big red ball\n")
        special = run_json("tokenize", self.model, "-p", "the", "--special")["ids"]
        self.assertEqual(special[0], 1)

    def test_meter_passes_the_command_through(self):
        done = run("meter", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout, "out\n")
        self.assertIn("modelled", done.stderr)
        found = run_json("meter", "--", "true")
        self.assertEqual(found["exit_code"], 0)
        self.assertGreater(found["readings"][0]["energy_j_std"], 0)

    def test_meter_reads_rapl_from_a_fake_tree(self):
        zone = self.folder / "sys/class/powercap/intel-rapl:0"
        zone.mkdir(parents=True)
        for name, text in {"name": "package-0", "energy_uj": "1000000",
                           "max_energy_range_uj": "262143328850", "enabled": "1"}.items():
            (zone / name).write_text(text + "\n")
        counter = zone / "energy_uj"
        found = run_json("meter", "--meter", "rapl", "--sysfs", self.folder, "--", "sh", "-c",
                         f"sleep 0.3; echo 6000000 > '{counter}'")
        reading = found["readings"][0]
        self.assertEqual(reading["domain"], "package-0")
        self.assertEqual(reading["quality"], "measured")
        self.assertAlmostEqual(reading["energy_j"], 5.0, places=4)

    def plant(self, files):
        """Files below the test's folder, as a machine's /sys."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.folder

    def zone(self, number, name, energy_uj=1000000):
        zone = f"sys/class/powercap/intel-rapl:{number}"
        return {f"{zone}/name": name, f"{zone}/energy_uj": f"{energy_uj}",
                f"{zone}/max_energy_range_uj": "262143328850", f"{zone}/enabled": "1"}

    def test_auto_meters_a_whole_machine_once(self):
        state = self.folder / "gpus"
        state.write_text("GPU-5f0a1b2c-0 1000 90000 0 Fake GPU\n")
        root = self.plant({**self.zone(0, "package-0"), **self.zone("0:0", "dram"),
                           **self.zone("0:1", "core"), **self.zone(1, "psys"),
                           "sys/class/hwmon/hwmon0/name": "power_meter",
                           "sys/class/hwmon/hwmon0/power1_average": "300000000"})
        environment = {**os.environ, "FRUGAL_NVML": os.environ["FRUGAL_FAKE_NVML"],
                       "FRUGAL_FAKE_NVML_STATE": str(state)}
        powercap = root / "sys/class/powercap"
        found = run_json("meter", "--sysfs", root, "--", "sh", "-c",
                         f"sleep 0.2; cd '{powercap}'; echo 6000000 > intel-rapl:0/energy_uj; "
                         "echo 3000000 > intel-rapl:0:0/energy_uj; "
                         "echo 9000000 > intel-rapl:1/energy_uj; "
                         f"echo GPU-5f0a1b2c-0 21000 90000 0 Fake GPU > '{state}'",
                         env=environment)
        self.assertEqual(found["meter"]["name"], "rapl+nvml")
        joules = {row["domain"]: round(row["energy_j"], 4) for row in found["readings"]}
        self.assertEqual(joules, {"package-0": 5.0, "dram-0": 2.0, "gpu-5f0a1b2c": 20.0})

    def test_meter_tells_the_program_from_the_machine(self):
        spin = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
        found = run_json("meter", "--meter", "model", "--", "sh", "-c", spin)
        program, machine = found["program"]["reading"], found["machine"]["reading"]
        self.assertGreater(found["program"]["cpu_time_s"], 0)
        self.assertEqual(program["domain"], "program")
        self.assertEqual(machine["domain"], "machine")
        self.assertFalse(found["program"]["left_running"])
        left = run_json("meter", "--", "sh", "-c", "sleep 20 >/dev/null 2>&1 & exit 0")
        self.assertTrue(left["program"]["left_running"])

    def test_meter_splits_a_counter_by_cpu_time(self):
        root = self.plant({**self.zone(0, "package-0"),
                           "proc/stat": "cpu  100 0 0 900 0 0 0 0 0 0\n"})
        script = (f"sleep 0.2; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; "
                  f"echo 11000000 > '{root}/sys/class/powercap/intel-rapl:0/energy_uj'; "
                  f"echo 'cpu  200 0 0 900 0 0 0 0 0 0' > '{root}/proc/stat'")
        found = run_json("meter", "--meter", "rapl", "--sysfs", root, "--", "sh", "-c", script)
        whole, program = found["readings"][0], found["program"]["reading"]
        self.assertAlmostEqual(whole["energy_j"], 10.0, places=4)
        self.assertEqual(program["quality"], "derived")
        self.assertLess(program["energy_j"], whole["energy_j"])
        self.assertGreater(program["energy_j"], 0)
        self.assertAlmostEqual(found["power"][0]["average_w"],
                               whole["energy_j"] / whole["time_s"], places=6)

    def test_meter_writes_a_series(self):
        path = self.folder / "power.csv"
        done = run("meter", "--meter", "model", "--interval", 0.05, "--series", path, "--",
                   "sleep", 0.5)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [line.split(",") for line in path.read_text().splitlines()]
        self.assertEqual(rows[0][:4], ["time_s", "domain", "boundary", "quality"])
        times = [float(row[0]) for row in rows[1:]]
        self.assertGreaterEqual(len(times), 2)
        self.assertEqual(times, sorted(times))
        self.assertTrue(all(row[1] == "cpu" and row[3] == "modelled" for row in rows[1:]))
        shown = run("meter", "--meter", "model", "--interval", 0.1, "--", "sleep", 0.3).stderr
        self.assertTrue(shown.startswith("time_s,domain,"), shown)
        self.refused(3, "no-such-folder", "meter", "--series", self.folder / "no-such-folder/x",
                     "--", "true")

    def test_meter_serves_prometheus_text(self):
        with subprocess.Popen([FRUGAL, "meter", "--meter", "model", "--listen", "0", "--",
                               "sh", "-c", "read line"], stdin=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            line = process.stderr.readline()
            url = line.split(" at ")[1].strip()
            with urllib.request.urlopen(url, timeout=60) as answer:
                text = answer.read().decode()
            with self.assertRaises(urllib.error.HTTPError):
                urllib.request.urlopen(url + "/else", timeout=60)
            process.communicate("end\n", timeout=60)
        self.assertIn('frugal_energy_joules_total{domain="cpu",boundary="device",'
                      'quality="modelled"} ', text)
        self.assertEqual(process.returncode, 0)

    def test_meters_over_http(self):
        with web({"/plug": {"power": [{"w": 250}]},
                  "/redfish/v1/Chassis": {"Members": [{"@odata.id": "/redfish/v1/Chassis/1"}]},
                  "/redfish/v1/Chassis/1": {"Power": {"@odata.id": "/redfish/v1/p"}},
                  "/redfish/v1/p": {"PowerControl": [{"PowerConsumedWatts": 300}]},
                  "/lie": {"power": [{"w": -1e30}]}, "/hang": None}) as url:
            plug = ["meter", "--meter", "http", "--meter-pointer", "/power/0/w"]
            found = run_json(*plug, "--meter-url", url + "/plug", "--", "sleep", 1)["readings"][0]
            self.assertEqual((found["domain"], found["boundary"], found["quality"]),
                             ("wall", "wall", "derived"))
            self.assertAlmostEqual(found["energy_j"] / found["time_s"], 250, delta=1)
            self.assertGreater(found["energy_j_std"], 100)  # a second is short for a plug
            found = run_json("meter", "--meter", "redfish", "--meter-url", url, "--", "sleep", 1)
            self.assertAlmostEqual(found["power"][0]["average_w"], 300, delta=1)
            self.refused(5, "expected 0 or more", *plug, "--meter-url", url + "/lie", "--", "true")
            before = time.monotonic()
            self.refused(5, "no answer in 2 s", *plug, "--meter-url", url + "/hang", "--", "true")
            self.refused(5, "status 404", *plug, "--meter-url", url + "/gone", "--", "true")
            self.assertLess(time.monotonic() - before, 60)
        self.refused(5, "no connection", *plug, "--meter-url", url + "/plug", "--", "true")

    def test_a_hostile_tree_gives_a_clear_line(self):
        root = self.plant({**self.zone(0, "package-0"),
                           "sys/class/hwmon/hwmon0/name": "\x01" * 9000,
                           "sys/class/hwmon/hwmon0/power1_input": "7" * 90000})
        (root / "sys/class/powercap/intel-rapl:0/intel-rapl:0:0").symlink_to("..")
        (root / "sys/class/hwmon/hwmon1").symlink_to("hwmon1")
        (root / "sys/class/power_supply").symlink_to(root / "sys/class")
        (root / "sys/class/powercap/intel-rapl:0/energy_uj").write_bytes(bytes(range(256)))
        info = {row["name"]: row for row in run_json("info", "--sysfs", root)["meters"]}
        for name in ("perf", "rapl", "hwmon", "battery"):
            self.assertFalse(info[name]["available"], name)
        self.refused(5, "expected a count", "meter", "--meter", "rapl", "--sysfs", root, "--", "true")

    def test_guesses_change_no_token(self):
        for sampling in (["--temperature", 0], ["--temperature", 0.9, "--seed", 5]):
            asked = ["run", self.model, "-p", "the day the day", "-n", 40, "--ignore-eos", *sampling]
            plain = run_json(*asked)
            for guessing in (["--lookup"], ["--draft", self.model]):
                self.assertEqual(run_json(*asked, *guessing)["tokens"], plain["tokens"], guessing)

    def test_bench_decodes_several_sequences_together(self):
        rows = run_json("bench", self.model, "-p", 8, "-n", 4, "-b", "1,3", "-t", "1", "-r", 2)
        self.assertEqual([row["batch"] for row in rows["decode"]], [1, 3])
        self.assertTrue(all(row["tokens_per_s"] > 0 for row in rows["decode"]))

    def test_run_streams_text_and_says_joules(self):
        plain = run("run", self.model, "-p", "the day", "-n", 5, "--temperature", 0, "--ignore-eos")
        self.assertEqual(plain.returncode, 0, plain.stderr)
        self.assertIn("modelled", plain.stderr)
        found = run_json("run", self.model, "-p", "the day", "-n", 5, "--temperature", 0,
                         "--ignore-eos")
        self.assertEqual(plain.stdout, found["text"] + "\n")
        self.assertEqual(len(found["tokens"]), 5)
        phases = found["receipt"]["phases"]
        parts = sum(phase["energy_j"] for phase in phases.values())
        self.assertAlmostEqual(parts, found["receipt"]["energy_j"], places=9)
        self.assertGreater(phases["decode"]["work"]["ops"]["float"], 0)

    def test_bench_follows_the_contract(self):
        found = run_json("bench", self.model, "-p", 16, "-n", 4, "-t", "1,2", "-r", 2)
        self.assertEqual([row["threads"] for row in found["prefill"]], [1, 2])
        row = found["decode"][0]
        self.assertEqual((row["batch"], row["tokens"]), (1, 4))
        self.assertGreater(row["tokens_per_s"], 0)
        self.assertGreater(row["joules_per_token"], 0)
        self.assertTrue(found["readings"])

    def test_logits_follow_the_contract(self):
        ids = self.folder / "ids.txt"
        ids.write_text("1 5 9 300\n")
        found = run_json("logits", self.model, "--tokens", ids)
        self.assertEqual(found["tokens"], [1, 5, 9, 300])
        self.assertEqual(len(found["argmax"]), 4)
        self.assertEqual(len(found["last_logits"]), 320)
        for isa in run_json("info")["isas"]:
            other = run_json("logits", self.model, "--tokens", ids, "--isa", isa)
            self.assertEqual(other["argmax"], found["argmax"])

    def test_eval_and_compress(self):
        small = self.folder / "q8.gguf"
        done = run_json("compress", self.model, "-o", small, "--type", "q8_0")
        self.assertLess(done["bytes_after"], done["bytes_before"] / 3)
        found = run_json("eval", small, "--text", self.text, "--against", self.model, "-c", 64)
        self.assertGreater(found["nll"], 0)
        self.assertGreater(found["kld"], 0)
        self.assertLessEqual(found["kld"], found["kld_p99"])
        self.assertGreater(found["same_top"], 0.8)
        self.assertTrue(found["readings"])
        alone = run_json("eval", small, "--text", self.text, "-c", 64)
        self.assertAlmostEqual(alone["nll"], found["nll"], places=9)
        self.assertNotIn("kld", alone)

    def test_compress_to_a_mixture_with_types_by_name(self):
        out = self.folder / "q4.gguf"
        done = run_json("compress", self.model, "-o", out, "--type", "q4_k_m", "--tensor-type",
                        r"blk\.0\.attn_q=q8_0", "--tensor-type", "attn_q=q5_1")
        self.assertEqual(done["type"], "Q4_K_M")
        self.assertIn({"tensor": "blk.1.attn_v.weight", "wanted": "Q6_K", "stored": "Q8_0"}, done["fallbacks"])
        types = {t["name"]: t["type"] for t in run_json("inspect", out)["tensors"]}
        self.assertEqual(types["blk.0.attn_q.weight"], "Q8_0")
        self.assertEqual(types["blk.1.attn_q.weight"], "Q5_1")
        self.assertEqual(types["blk.1.attn_k.weight"], "Q5_0")
        run_json("compress", self.model, "-o", out, "--type", "q4_0")
        types = {t["name"]: t["type"] for t in run_json("inspect", out)["tensors"]}
        self.assertEqual(types["output.weight"], "Q4_0", "the old types are one for all")

    def test_compress_with_an_imatrix(self):
        name, sums = b"blk.0.attn_q.weight", [1.0] * 64
        imatrix, out = self.folder / "i.dat", self.folder / "weighted.gguf"
        imatrix.write_bytes(struct.pack("<ii", 1, len(name)) + name + struct.pack("<ii64f", 4, 64, *sums))
        done = run_json("compress", self.model, "-o", out, "--type", "iq4_nl", "--imatrix", imatrix)
        without = {entry["tensor"]: entry["why"] for entry in done["unweighted"]}
        self.assertNotIn("blk.0.attn_q.weight", without)
        self.assertEqual(without["blk.1.attn_q.weight"], "is not in the imatrix")

    def test_compress_by_gptq(self):
        out, again = self.folder / "gptq.gguf", self.folder / "again.gguf"
        done = run_json("compress", self.model, "-o", out, "--type", "q4_k_m", "--method", "gptq",
                        "--text", self.text, "-c", 64, "--memory", 0.001)
        self.assertEqual(done["method"], "gptq")
        self.assertGreater(done["by_gptq"], done["by_search"])
        self.assertGreater(done["passes"], 0)
        self.assertEqual(len(done["matrices"]), done["by_gptq"] + done["by_search"])
        metadata = run_json("inspect", out)["metadata"]
        self.assertEqual(metadata["frugal.compress.method"], "gptq")
        self.assertIn("--method gptq", metadata["frugal.compress.command"])
        self.assertEqual(metadata["frugal.compress.text"], str(self.text))
        self.assertEqual(metadata["frugal.compress.tokens"], str(done["tokens"]))
        searched = run_json("compress", self.model, "-o", again, "--type", "q4_k_m")
        self.assertEqual(searched["bytes_after"], done["bytes_after"])
        self.refused(2, "expected --text FILE", "compress", self.model, "-o", out, "--method", "gptq")
        self.refused(2, "--imatrix: is for", "compress", self.model, "-o", out, "--method", "gptq", "--text",
                     self.text, "--imatrix", "i.gguf")
        self.refused(2, "--text: is for", "compress", self.model, "-o", out, "--text", self.text)

    def test_a_dash_is_standard_output(self):
        lines = run("agent", "tasks", "-n", 3, "-o", "-", cwd=self.folder)
        self.assertEqual(lines.returncode, 0, lines.stderr)
        self.assertEqual([json.loads(line)["scenario"] for line in lines.stdout.splitlines()],
                         ["customer_service", "tutoring", "finance"])
        ledger = self.folder / "l.sqlite"
        run_json("run", self.model, "-p", "the", "-n", 2, "--ledger", ledger)
        page = run("report", ledger, "-o", "-", cwd=self.folder)
        self.assertTrue(page.stdout.startswith("<!doctype html>"))
        self.assertFalse((self.folder / "-").exists())
        self.refused(2, "--seed", "run", self.model, "-p", "the", "--seed", "-1")

    def test_compress_by_awq(self):
        out, again = self.folder / "awq.gguf", self.folder / "both.gguf"
        flags = ["--type", "q4_0", "--text", self.text, "-c", 64]
        done = run_json("compress", self.model, "-o", out, "--method", "awq", *flags)
        self.assertEqual(done["method"], "awq")
        self.assertEqual(len(done["scaled"]), 2 * 4)
        for each in done["scaled"]:
            self.assertLessEqual(each["loss"], each["loss_before"])
        both = run_json("compress", self.model, "-o", again, "--method", "awq+gptq", *flags)
        self.assertEqual(both["scaled"], done["scaled"])
        self.assertGreater(both["by_gptq"], 0)
        self.assertEqual(run_json("inspect", again)["metadata"]["frugal.compress.method"], "awq+gptq")
        self.assertEqual(sorted(path.name for path in self.folder.glob("*.folded*")), [])
        self.assertEqual(both["bytes_after"], done["bytes_after"])
        self.refused(2, "expected --text FILE", "compress", self.model, "-o", out, "--method", "awq")

    def test_compress_by_pruning(self):
        out = self.folder / "pruned.gguf"
        kinds = {"magnitude": [], "wanda": ["--text", self.text, "-c", 64], "sparsegpt": ["--text", self.text, "-c", 64]}
        for kind, text in kinds.items():
            done = run_json("compress", self.model, "-o", out, "--prune", kind, "--sparsity", "2:4", *text)
            self.assertEqual(done["zeros"] * 2, done["numbers"], kind)
            self.assertEqual(done["bytes_after"], done["bytes_before"], kind)
            self.assertEqual({m["type"] for m in done["matrices"]}, {"F32"}, kind)
            metadata = run_json("inspect", out)["metadata"]
            self.assertEqual(metadata["frugal.compress.method"], kind)
            self.assertEqual(metadata["frugal.compress.sparsity"], "2:4")
        done = run_json("compress", self.model, "-o", out, "--prune", "sparsegpt", "--sparsity", "50%", "--type", "q8_0",
                        "--tensor-sparsity", "attn_v=0", *kinds["sparsegpt"])
        self.assertEqual({m["type"] for m in done["matrices"]}, {"Q8_0"})
        self.assertNotIn("blk.0.attn_v.weight", [m["tensor"] for m in done["matrices"]])
        told = run("compress", self.model, "-o", out, "--prune", "magnitude", "--sparsity", "0.5")
        self.assertIn("saves no bytes and no joules", told.stdout)
        ask = ["compress", self.model, "-o", out, "--prune"]
        self.refused(2, "expected --sparsity", *ask, "wanda", "--text", self.text)
        self.refused(2, "expected --text FILE", *ask, "wanda", "--sparsity", "0.5")
        self.refused(2, "learns from no text", *ask, "magnitude", "--sparsity", "0.5", "--text", self.text)
        self.refused(2, "no exact 0", *ask, "magnitude", "--sparsity", "0.5", "--type", "q4_1")
        self.refused(2, "expected a part", *ask, "magnitude", "--sparsity", "1.5")

    def test_compress_by_dropping_parts(self):
        out = self.folder / "small.gguf"
        ask = ["compress", self.model, "-o", out]
        text = ["--text", self.text, "-c", 64]
        done = run_json(*ask, "--drop-layers", 1, "--drop-channels", "40%", "--drop-heads", 1, *text)
        dropped = done["dropped"]
        self.assertEqual(len(dropped["layers"]), 1)
        self.assertEqual(len(dropped["block_influence"]), 2)
        self.assertEqual((dropped["channels_after"], dropped["heads_after"]), (64, 2))
        self.assertLess(done["bytes_after"], done["bytes_before"])
        metadata = run_json("inspect", out)["metadata"]
        self.assertEqual(metadata["llama.block_count"], "1")
        self.assertEqual(metadata["llama.feed_forward_length"], "64")
        self.assertEqual(metadata["llama.attention.head_count_kv"], "1")
        self.assertEqual(metadata["frugal.compress.method"], "drop")
        self.assertIn("channels 96 -> 64", metadata["frugal.compress.dropped"])
        self.assertEqual(len(run_json("run", out, "-p", "the day", "-n", 3, "--ignore-eos")["tokens"]), 3)
        both = run_json(*ask, "--drop-layers", 1, "--prune", "wanda", "--sparsity", "0.5", "--type", "q8_0", *text)
        self.assertEqual(both["type"], "Q8_0")
        self.assertEqual(both["zeros"] * 2, both["numbers"])
        self.refused(2, "expected at least one to stay", *ask, "--drop-layers", 2, *text)
        self.refused(2, "expected one", *ask, "--drop-layers", 1)
        self.refused(2, "such as 25%", *ask, "--drop-channels", "2:4", *text)
        self.refused(2, "--scores: is for", *ask, "--scores", "s.gguf")
        self.refused(4, "text.txt", *ask, "--drop-heads", 1, "--scores", self.text)

    def test_the_ledger_keeps_runs(self):
        ledger = self.folder / "l.sqlite"
        run_json("run", self.model, "-p", "the", "-n", 2, "--ledger", ledger)
        run_json("bench", self.model, "-p", 4, "-n", 2, "-r", 1, "--ledger", ledger)
        verbs = [row[0] for row in sqlite3.connect(ledger).execute("select verb from run")]
        self.assertEqual(verbs, ["run", "bench", "bench"])
        page = self.folder / "page.html"
        self.assertEqual(run("report", ledger, "-o", page).returncode, 0)
        self.assertIn("tiny.gguf", page.read_text())

    def test_optimize_writes_four_files_and_one_table(self):
        out = self.folder / "out"
        done = run("optimize", self.model, "--text", self.text, "-o", out, "--prompt-tokens", 8,
                   "--output-tokens", 4, "--eval-context", 64, "--repeats", 5, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(p.name for p in out.iterdir()),
                         ["ledger.sqlite", "model.gguf", "plan.json", "report.html"])
        rows = [line for line in done.stdout.splitlines() if " thread" in line and "±" in line]
        self.assertEqual(len([row for row in rows if row.startswith("* ")]), 1)
        plan = json.loads((out / "plan.json").read_text())
        self.assertTrue(plan["evidence"]["bound"]["held"])
        self.assertIn("tokenizer.ggml.tokens", run_json("inspect", out / "model.gguf")["metadata"])


class Carbon(ProgramTest):
    def test_joules_become_grams_and_money(self):
        found = run_json("carbon", "--joules", "3.6e6", "--joules-std", "3.6e5", "--quality",
                         "measured", "--zone", "DE", "--pue", "1.25", "--tariff", "0.32 EUR")
        impact = found["results"][0]["impact"]
        self.assertAlmostEqual(impact["carbon_gco2e"], 1.25 * 381, places=9)
        self.assertAlmostEqual(impact["cost"], 0.40, places=9)
        self.assertAlmostEqual(impact["energy_j"], 3.6e6)
        self.assertAlmostEqual(impact["facility_energy_j"], 4.5e6)
        self.assertEqual(impact["carbon_quality"], "derived")
        self.assertEqual(impact["factors"]["intensity"]["year"], 2023)
        self.assertIn("Ember", impact["factors"]["intensity"]["source"])

    def test_the_standards_agents_cost_1028_grams_a_request(self):
        kwh = 1000 + 750 + 400 + 600 + 5500 + 20000 + 600 + 250
        score = run_json("carbon", "--joules", kwh * 3.6e6, "--g-per-kwh", 350, "--embodied-kg",
                         100.5, "--seconds", 126144000, "--workflows", 10000)["results"][0]["sci"][0]
        self.assertAlmostEqual(score["gco2e_per_unit"], 1028.55, places=6)
        self.assertEqual(score["unit"], "workflow")

    def test_a_price_by_the_hour_comes_from_a_file(self):
        factors = self.folder / "office.toml"
        factors.write_text('name = "office"\nsource = "bill"\n[tariff]\ncurrency = "EUR"\n'
                           'per_kwh = 0.3\n[[tariff.band]]\nfrom = "22:00"\nto = "06:00"\n'
                           'per_kwh = 0.1\n')
        words = ["carbon", "--joules", "3.6e6", "--factors", factors]
        night = run_json(*words, "--at", "2026-11-21T23:00:00Z", "--seconds", 60)
        self.assertAlmostEqual(night["results"][0]["impact"]["cost"], 0.1)
        self.refused(2, "tariff", *words)
        self.refused(2, "--at", *words, "--at", "tonight")

    def test_a_ledger_keeps_figures_with_their_factors_and_the_page_shows_them(self):
        ledger = self.folder / "l.sqlite"
        run_json("bench", self.model, "-p", 4, "-n", 2, "-r", 1, "--ledger", ledger)
        found = run_json("carbon", "--ledger", ledger, "--zone", "FR", "--tariff", "0.2 EUR",
                         "--record")
        self.assertEqual([one["run"] for one in found["results"]], [1, 2])
        notes = [json.loads(row[0]) for row in
                 sqlite3.connect(ledger).execute("select text from note where key = 'impact'")]
        self.assertEqual(len(notes), 2)
        for note, one in zip(notes, found["results"]):
            self.assertEqual(note["carbon_gco2e"], one["impact"]["carbon_gco2e"])
            self.assertEqual(note["factors"]["intensity"]["zone"], "FR")
        page = self.folder / "page.html"
        self.assertEqual(run("report", ledger, "-o", page).returncode, 0)
        self.assertIn("Grams and money", page.read_text())
        self.assertIn("Ember", page.read_text())

    def test_zones_and_other_tools(self):
        zones = run_json("carbon", "--zones")["zones"]
        self.assertGreater(len(zones), 150)
        compared = run_json("carbon", "--joules", 1, "--zone", "DE", "--compare", "--seconds", 10,
                            "--load", 0.5, "--tdp", 100)["results"][0]["compared"]
        teads = next(row for row in compared if row["name"] == "Teads")
        self.assertAlmostEqual(teads["energy_j"], 750)
        self.assertIn("comparison only", run("carbon", "--joules", 1, "--compare").stdout)

    def test_what_cannot_be_is_refused_in_one_line(self):
        words = ["carbon", "--joules", 1]
        self.refused(3, "did you mean DE (Germany)", *words, "--zone", "Gremany")
        self.refused(3, "no marginal lifecycle factor", *words, "--zone", "DE", "--basis", "marginal")
        self.refused(2, "--pue", *words, "--zone", "DE", "--pue", "0.5")
        self.refused(2, "--joules", "carbon", "--joules", "-1", "--zone", "DE")
        self.refused(2, "--tariff", *words, "--tariff", "-1 EUR")
        self.refused(2, "no factor", *words)
        self.refused(2, "--ledger", "carbon", "--zone", "DE")
        self.refused(3, "nowhere.toml", *words, "--factors", self.folder / "nowhere.toml")
        broken = self.folder / "broken.toml"
        for text, code in [("name = ", 4), ('name = "a"', 2), ("\x00\xff", 4),
                           ('name = "a"\nsource = "b"\n[pue]\nvalue = 0.2', 2),
                           ('name = "a"\nsource = "b"\nzones = 3', 2)]:
            broken.write_text(text, encoding="latin-1")
            self.refused(code, "broken.toml", *words, "--factors", broken)


class BadInput(ProgramTest):
    def test_files_that_are_not_there_or_not_models(self):
        self.refused(3, "nowhere.gguf", "run", self.folder / "nowhere.gguf", "-p", "x")
        empty = self.folder / "empty.gguf"
        empty.write_bytes(b"")
        self.refused(4, "empty.gguf", "run", empty, "-p", "x")
        whole = self.model.read_bytes()
        cut = self.folder / "cut.gguf"
        for length in [3, 20, 500, len(whole) // 2, len(whole) - 1]:
            cut.write_bytes(whole[:length])
            self.refused(4, "cut.gguf", "inspect", cut)
        self.refused(4, "text.txt", "inspect", self.text)

    def test_flipped_bits_never_crash(self):
        whole = bytearray(self.model.read_bytes())
        path = self.folder / "flipped.gguf"
        for place in range(0, 12000, 173):
            whole[place] ^= 1 << (place % 8)
            path.write_bytes(whole)
            whole[place] ^= 1 << (place % 8)
            code = run("logits", path, "--tokens", "-", input="1 2 3").returncode
            self.assertIn(code, [0, 2, 3, 4, 5], place)

    def test_requests_that_mean_nothing(self):
        self.refused(2, "", "run", self.model, "-p", "x", "--temperature", "-1")
        self.refused(2, "context", "run", self.model, "-p", "the day " * 400)
        self.refused(2, "320", "logits", self.model, "--tokens", "-", input="1 320")
        self.refused(2, "--max-drop", "optimize", self.model, "--text", self.text, "--max-drop", "x")
        self.refused(2, "--type", "compress", self.model, "-o", self.folder / "o", "--type", "q9")
        self.refused(2, "no type", "compress", self.model, "-o", self.folder / "o", "--tensor-type", "a=q9")
        self.refused(2, "at byte", "compress", self.model, "-o", self.folder / "o", "--tensor-type", "(=q8_0")
        self.refused(2, "nowhere", "compress", self.model, "-o", self.folder / "o", "--tensor-type",
                     "nowhere=q8_0")
        self.refused(2, "expected an imatrix", "compress", self.model, "-o", self.folder / "o", "--type", "q4_0",
                     "--imatrix", self.model)
        self.refused(2, "no-such", "run", self.model, "-p", "x", "--meter", "no-such")
        self.refused(5, "scalar", "run", self.model, "-p", "x", "--isa", "sse9")
        self.refused(2, "--frobnicate", "run", self.model, "--frobnicate")
        self.refused(3, "no-such-program", "meter", "--", "no-such-program")

    def test_agent_writes_suites_and_conversations(self):
        suite, talks = self.folder / "suite.jsonl", self.folder / "train.jsonl"
        self.assertEqual(run("agent", "tasks", "-n", 9, "-o", suite).returncode, 0)
        tasks = [json.loads(line) for line in suite.read_text().splitlines()]
        self.assertEqual(len(tasks), 9)
        self.assertEqual({task["split"] for task in tasks}, {"test"})
        self.assertEqual({task["scenario"] for task in tasks},
                         {"customer_service", "tutoring", "finance"})
        run("agent", "conversations", "--scenario", "finance", "-n", 5, "-o", talks)
        lines = [json.loads(line) for line in talks.read_text().splitlines()]
        self.assertEqual({line["scenario"] for line in lines}, {"finance"})
        self.assertEqual(lines[0]["messages"][0]["role"], "system")
        # The tiny model has no room for the prompts: nothing is solved, and all of it is said.
        log = self.folder / "log.jsonl"
        done = json.loads(run("agent", "run", self.model, "--suite", suite, "--trials", 2,
                              "--transcripts", log, "--json").stdout)
        self.assertEqual(done["statuses"], {"context_full": 18})
        self.assertEqual((done["tasks"], done["trials"], done["success"]), (9, 18, 0))
        self.assertEqual(done["pass"], [0, 0])
        self.assertEqual(len(done["scenarios"]), 3)
        self.assertGreater(done["success_high"], 0)
        self.assertEqual(len(log.read_text().splitlines()), 18)
        self.assertIn("context_full 9", run("agent", "run", self.model, "--suite", suite).stdout)
        suite.write_text(suite.read_text() + "{}\n")
        self.refused(4, "suite.jsonl:10", "agent", "run", self.model, "--suite", suite)
        self.refused(2, "--split", "agent", "tasks", "--split", "all", "-o", suite)
        self.refused(2, "cooking", "agent", "tasks", "--scenario", "cooking", "-o", suite)

    def test_an_unwritable_or_full_disk(self):
        self.refused(3, "nowhere", "compress", self.model, "-o", self.folder / "nowhere/o.gguf")
        with open("/dev/full", "w") as full:
            done = subprocess.run([FRUGAL, "info"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 7)
        self.assertIn("standard output", done.stderr)

    def test_a_newer_ledger_is_left_alone(self):
        ledger = self.folder / "l.sqlite"
        run_json("bench", self.model, "-p", 4, "-n", 0, "-r", 1, "--ledger", ledger)
        database = sqlite3.connect(ledger)
        database.execute("pragma user_version = 99")
        database.commit()
        database.close()
        self.refused(5, "l.sqlite", "report", ledger, "-o", self.folder / "r.html")

    def test_ctrl_c_at_any_moment_leaves_nothing_half_written(self):
        words = [FRUGAL, "optimize", str(self.model), "--text", str(self.text), "-o",
                 str(self.folder / "out"), "--eval-context", "64", "--repeats", "1000",
                 "--precision", "0.0001", "-q"]
        for delay in [0.0, 0.05, 0.2, 0.6, 1.2]:
            process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, faults = process.communicate(timeout=60)
            self.assertIn(process.returncode, [130, -signal.SIGINT], faults)
            left = {p.name for p in (self.folder / "out").glob("*")} if \
                (self.folder / "out").exists() else set()
            self.assertLessEqual(left, {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"})


if __name__ == "__main__":
    unittest.main()
