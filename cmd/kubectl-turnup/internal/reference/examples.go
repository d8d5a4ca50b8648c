package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// markOf is what the page says about the examples of a command, in the words
// that test/documents reads. No mark at all: they are run, in an empty directory.
func markOf(cmd *cobra.Command) string {
	path := strings.TrimPrefix(cmd.CommandPath(), "kubectl turnup ")
	if mark, ok := marks()[path]; ok {
		return mark
	}
	group, _, _ := strings.Cut(path, " ")
	return marks()[group+" *"]
}

const needsCluster = "not run: needs a cluster"

func marks() map[string]string {
	return map[string]string{
		"kubectl turnup":     "not run: makes clusters",
		"create":             "not run: makes clusters",
		"delete":             needsCluster,
		"provision":          "not run: makes machines",
		"bootstrap":          needsCluster,
		"status":             needsCluster,
		"kubeconfig":         needsCluster,
		"doctor":             "not run: what it says depends on the computer",
		"support-bundle":     needsCluster,
		"addons *":           needsCluster,
		"token *":            needsCluster,
		"machines *":         needsCluster,
		"machines schema":    "",
		"images":             "not run: needs a registry",
		"images save":        "not run: needs a registry",
		"images push":        "not run: needs a registry",
		"images verify":      "not run: needs a bundle",
		"images list":        "before: kubectl turnup config --defaults --config staging.json",
		"config":             "not run: opens the menus",
		"config import":      "not run: opens menus",
		"config export":      "not run: opens menus",
		"config check":       "before: kubectl turnup config --defaults --config staging.json",
		"config diff":        "before: kubectl turnup config --defaults --config staging.json; cp staging.json .config.json; mkdir -p clusters/demo; cp staging.json clusters/demo/config.json",
		"completion *":       "not run: for a shell that stays",
		"completion kubectl": "not run: writes beside the program",
	}
}
