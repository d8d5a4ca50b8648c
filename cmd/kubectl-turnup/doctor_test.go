//go:build unix

package main

import (
	"maps"
	"testing"
)

// TestTheDoctorNamesWhatKeepsAClusterFromBeingMade breaks this computer and the
// config in one way each. Broken clusters are in test/e2e/doctor_test.go.
func TestTheDoctorNamesWhatKeepsAClusterFromBeingMade(t *testing.T) {
	tools := map[string]string{"bin/terraform": terraform, "bin/kubectl": "#!/bin/sh\n"}
	with := func(files map[string]string) map[string]string {
		all := maps.Clone(tools)
		maps.Copy(all, files)
		return all
	}
	aws := []string{"doctor", "--set", "provision.platform=aws", "--set", "provision.aws.ssh_cidrs=203.0.113.7/32", "--set", "provision.aws.api_cidrs=203.0.113.7/32"}
	for _, m := range []mistake{
		{name: "a doctor without Docker", args: []string{"doctor"}, files: tools},
		{name: "a doctor without any tool", args: []string{"doctor"}},
		{name: "a doctor with an old Terraform", args: aws,
			files: with(map[string]string{"bin/terraform": "#!/bin/sh\necho '{\"terraform_version\":\"1.3.9\"}'\n"})},
		{name: "a doctor without credentials", args: aws, files: tools},
		{name: "a doctor of a cloud that keeps us out", args: []string{"doctor", "--set", "provision.platform=aws"}, files: tools,
			env: []string{"AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=y"}},
		{name: "a doctor of a config with a mistake", args: []string{"doctor", "--set", "provision.workers=99"}, files: tools},
		{name: "a doctor of credentials that are nowhere", args: append(aws, "--set", "addons.source=git", "--set", "addons.git.url=https://git.example.com/demo.git", "--set", "addons.git.token_file=nowhere"), files: tools,
			env: []string{"AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=y"}},
		{name: "a doctor of a bundle that is none", args: append(aws, "--bundle", "nowhere"), files: tools,
			env: []string{"AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=y"}},
		{name: "a doctor of a tree with two networks", args: aws, env: []string{"AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=y"},
			files: with(map[string]string{"addons/cluster/kustomization.yaml": "", "addons/flannel/kustomization.yaml": "resources: []\n", "addons/bridge/kustomization.yaml": "resources: []\n"})},
		{name: "a doctor of a damaged machines file", args: []string{"doctor", "demo"},
			files: with(map[string]string{"clusters/demo/config.json": known(), "clusters/demo/machines.json": machinesFile[:40]})},
	} {
		t.Run(m.name, m.check)
	}
}
