package turnup

import (
	"context"
	"os/exec"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// examineComputer looks at what a create needs before its first machine.
func (t *Turnup) examineComputer(ctx context.Context, d *Diagnosis) {
	d.ok(phaseConfig, "the config can be read")
	d.see(phaseConfig, "this computer will reach the cluster", "KeptOut", Reachable(t.Config))
	d.see(phaseConfig, "the addon tree can be applied", "AddonTreeUnsound", t.soundTree())
	t.examineBundle(d)
	if _, err := exec.LookPath("kubectl"); err != nil {
		d.warn(phaseComputer, "kubectl is here", "KubectlMissing", "it is not on the PATH; the cluster can do without, you may not")
	}
	switch platform := t.Config.Provision.Platform; platform {
	case baremetal: // the hosts are looked at by machines check, one by one
	default:
		_, err := terraform.Find(t.Terraform)
		d.see(phaseComputer, "Terraform or OpenTofu is here", "TerraformUnusable", err)
		if platform == "local" {
			t.examineDocker(ctx, d)
			return
		}
		d.see(phaseComputer, "there are credentials of "+platform, "CredentialsMissing", terraform.Credentials(platform))
	}
}

func (t *Turnup) examineDocker(ctx context.Context, d *Diagnosis) {
	ctx, cancel := context.WithTimeout(ctx, doctorBudget)
	defer cancel()
	site, err := openLocal(ctx, t)
	if !d.see(phaseComputer, "Docker answers", "DockerUnavailable", err) {
		return
	}
	defer func() { _ = site.close() }()
	warnings, err := site.check(ctx)
	d.see(phaseComputer, "this computer has room for the machines", "ComputerUnfit", err)
	for _, text := range warnings {
		d.warn(phaseComputer, "this computer's limits", "ComputerLimits", text)
	}
}

// examineBundle looks whether every byte of the bundle is as it was written, and
// whether it has all that the cluster runs.
func (t *Turnup) examineBundle(d *Diagnosis) {
	dir := t.Config.Bootstrap.Bundle
	if dir == "" {
		return
	}
	_, err := images.Open(dir)
	if err == nil {
		err = t.wholeBundle()
	}
	d.see(phaseConfig, "the bundle has every image", "BundleUnusable", ui.Hint(err, "%s", wholeBundle))
}

// DiagnosisOf is that of a config that cannot be read: there is nothing else to look at.
func DiagnosisOf(err error) Diagnosis {
	d := Diagnosis{Kind: "Diagnosis", APIVersion: machines.APIVersion}
	d.see(phaseConfig, "the config can be read", "ConfigInvalid", err)
	return d
}
