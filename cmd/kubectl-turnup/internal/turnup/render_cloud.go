package turnup

import (
	"fmt"
	"path/filepath"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/terraform"
)

// expectedInCloud is the machines file as a cloud's module will write it. What
// only the cloud knows is an address for documentation (RFC 5737): 192.0.2.11 is
// the first control plane's own, 203.0.113.11 where SSH reaches it.
func expectedInCloud(cfg config.Cluster) (machines.File, error) {
	var list []machines.Machine
	for i := range cfg.Provision.ControlPlanes {
		list = append(list, machines.Machine{
			Name: fmt.Sprintf("%s-control-plane-%d", cfg.Cluster.Name, i), Role: machines.ControlPlane,
			Address:   fmt.Sprintf("192.0.2.%d", 11+i),
			Transport: machines.Transport{SSH: &machines.SSH{Host: fmt.Sprintf("203.0.113.%d", 11+i), IdentityFile: "pki/ssh"}},
		})
	}
	file := machines.New(bootstrap.EndpointHost+":"+bootstrap.APIPort, list)
	if cfg.Provision.Platform == "azure" {
		const none = "00000000-0000-0000-0000-000000000000"
		file.Cloud = map[string]string{"subscription": none, "tenant": none, "identity": none}
	}
	pools, err := config.WorkerPools(cfg)
	if err != nil {
		return machines.File{}, err
	}
	for _, pool := range pools {
		file.Groups = append(file.Groups, groupOf(cfg, pool))
	}
	return file, nil
}

// renderInputs are the variables that the config does not know, with
// placeholders for keys and tokens.
func renderInputs(cfg config.Cluster, machineImage string) (terraform.Inputs, error) {
	if _, ok := config.CloudOf(cfg); !ok {
		return terraform.Inputs{Image: machineImage}, nil
	}
	keys := pki.Placeholder(nil)
	userData, err := userData(cfg, keys)
	return terraform.Inputs{SSHPublicKey: keys.SSH.Public, UserData: userData}, err
}

// renderUserData writes what the machines of each pool boot with, once more as
// files: in the variables it is one long line.
func (t *Turnup) renderUserData(dir string) error {
	all, err := userData(t.Config, pki.Placeholder(nil))
	if err != nil {
		return err
	}
	for pool, data := range all {
		if err := atomicfile.Write(filepath.Join(dir, "userdata", t.name()+"-"+pool), []byte(data), 0o644); err != nil {
			return err
		}
	}
	return nil
}
