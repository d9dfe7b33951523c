#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

// Every long option of a verb, separated by spaces.
std::string options_of(const CLI::App& verb) {
  std::string names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames())
      names += (names.empty() ? "--" : " --") + name;
  }
  return names;
}

std::string bash_script(const CLI::App& app) {
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    verbs += (verbs.empty() ? "" : " ") + verb->get_name();
    cases += str("    {}) words='{}' ;;\n", verb->get_name(), options_of(*verb));
  }
  return str(
      "# frugal completion for bash: source <(frugal completion bash)\n"
      "_frugal() {{\n"
      "  local current=\"${{COMP_WORDS[COMP_CWORD]}}\" words=''\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n{}  esac\n"
      "  case \"$current\" in\n"
      "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
      "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
      "  esac\n"
      "}}\n"
      "complete -o filenames -F _frugal frugal\n",
      verbs, cases);
}

std::string zsh_script(const CLI::App& app) {
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    verbs += str("    '{}:{}'\n", verb->get_name(), verb->get_description());
    cases += str("    {}) compadd -- {} ; _files ;;\n", verb->get_name(), options_of(*verb));
  }
  return str(
      "#compdef frugal\n# frugal completion for zsh: frugal completion zsh > ~/.zfunc/_frugal\n"
      "_frugal() {{\n  local -a verbs=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
      "  case \"$words[2]\" in\n{}  esac\n}}\n_frugal \"$@\"\n",
      verbs, cases);
}

std::string fish_script(const CLI::App& app) {
  std::string text = "# frugal completion for fish: frugal completion fish | source\n";
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    text += str("complete -c frugal -n __fish_use_subcommand -a {} -d \"{}\"\n", verb->get_name(),
                verb->get_description());
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        text += str("complete -c frugal -n '__fish_seen_subcommand_from {}' -l {}\n",
                    verb->get_name(), name);
      }
    }
  }
  return text;
}

void run_completion(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return print_out(bash_script(app));
  if (shell == "zsh") return print_out(zsh_script(app));
  print_out(fish_script(app));
}

}  // namespace

void setup_completion(CLI::App& app, Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "completion for a shell");
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer("Example:\n  source <(frugal completion bash)");
  verb->callback([shell, &app, &invocation] {
    invocation.action = [shell, &app] { run_completion(app, *shell); };
  });
}

}  // namespace frugal::cli
