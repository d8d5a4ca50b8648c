package turnup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/redact"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// supportBudget is the longest that one part of a support bundle may take: what
// does not answer by then is missing in it.
const supportBudget = time.Minute

// Support is what a support bundle came to.
type Support struct {
	// File is the archive, a tar.gz that only its owner may read.
	File  string
	Files int
	// Missing are the parts that could not be had, and why.
	Missing []string
}

// supporter collects files into an archive. No text gets there but through redact.
type supporter struct {
	turnup  *Turnup
	redact  redact.Redactor
	tar     *tar.Writer
	root    string
	now     time.Time
	files   int
	missing []string
}

// SupportBundle writes an archive of what somebody else needs to understand what is
// wrong: versions, config, states and logs of this computer, of every machine and
// of the cluster, as far as they can be had. Secrets are taken out of all of it.
func (t *Turnup) SupportBundle(ctx context.Context, file, version string) (Support, error) {
	t.Patience = checkPatience
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Support{}, ui.Hint(fmt.Errorf("%s is there already", file), "name another file with --output, or remove it")
	}
	if err != nil {
		return Support{}, fmt.Errorf("write the support bundle: %w", err)
	}
	zipped := gzip.NewWriter(out)
	s := &supporter{
		turnup: t, tar: tar.NewWriter(zipped), now: time.Now(),
		root: strings.TrimSuffix(filepath.Base(file), ".tar.gz"),
	}
	err = s.know(t.Home.PKI())
	if err == nil {
		err = s.collect(ctx, version)
	}
	err = errors.Join(err, s.tar.Close(), zipped.Close(), out.Close())
	if err != nil {
		_ = os.Remove(file) // half of it helps nobody
		return Support{}, fmt.Errorf("write the support bundle: %w", err)
	}
	return Support{File: file, Files: s.files, Missing: s.missing}, nil
}

// know tells the redactor every secret of the key directory.
func (s *supporter) know(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".crt" || filepath.Ext(path) == ".pub" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var token struct{ Secret string }
		if json.Unmarshal(data, &token) == nil && token.Secret != "" {
			s.redact.Know(token.Secret)
			return nil
		}
		s.redact.Know(string(data))
		return nil
	})
}

func (s *supporter) collect(ctx context.Context, version string) error {
	t := s.turnup
	parts := []struct {
		name string
		get  func(context.Context) ([]byte, error)
	}{
		{"version.txt", func(context.Context) ([]byte, error) {
			return fmt.Appendf(nil, "kubectl turnup %s\n%s/%s %s\n%s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version(), s.now.UTC().Format(time.RFC3339)), nil
		}},
		{"config.json", func(context.Context) ([]byte, error) { return os.ReadFile(t.Home.Config()) }},
		{"machines.json", func(context.Context) ([]byte, error) { return os.ReadFile(t.Home.Machines()) }},
		{"doctor.json", func(ctx context.Context) ([]byte, error) { return json.MarshalIndent(t.Doctor(ctx), "", "  ") }},
		{"status.json", func(ctx context.Context) ([]byte, error) {
			status, err := t.Status(ctx)
			if err != nil {
				return nil, err
			}
			return json.MarshalIndent(status, "", "  ")
		}},
		{"terraform/resources.txt", s.terraformResources},
	}
	for _, p := range parts {
		if err := s.part(ctx, p.name, p.get); err != nil {
			return err
		}
	}
	if err := s.directory(t.Home.Logs(), "transport"); err != nil {
		return err
	}
	if err := s.machines(ctx); err != nil {
		return err
	}
	if err := s.cluster(ctx); err != nil {
		return err
	}
	if len(s.missing) == 0 {
		return nil
	}
	return s.add("missing.txt", []byte(strings.Join(s.missing, "\n")+"\n"))
}

// part adds one file, or notes why it is missing. Only a full disk, or an
// interrupt, ends the collection.
func (s *supporter) part(ctx context.Context, name string, get func(context.Context) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, supportBudget)
	defer cancel()
	data, err := get(limited)
	if err != nil && len(data) == 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.lacks(name, err)
		return nil
	}
	return s.add(name, data)
}

// lacks notes that a part is missing, in words without secrets.
func (s *supporter) lacks(name string, err error) {
	s.missing = append(s.missing, name+": "+string(s.redact.Text([]byte(err.Error()))))
}

func (s *supporter) add(name string, data []byte) error {
	data = s.redact.Text(data)
	s.files++
	err := s.tar.WriteHeader(&tar.Header{Name: path.Join(s.root, name), Mode: 0o600, Size: int64(len(data)), ModTime: s.now})
	if err != nil {
		return err
	}
	_, err = s.tar.Write(data)
	return err
}

// directory adds the files of a directory, if it is there.
func (s *supporter) directory(dir, to string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // nothing was logged there
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			continue
		}
		const most = 1 << 20
		if err := s.add(path.Join(to, entry.Name()), data[max(0, len(data)-most):]); err != nil {
			return err
		}
	}
	return nil
}

// terraformResources are the names of what Terraform knows, without its values.
func (s *supporter) terraformResources(context.Context) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.turnup.Home.Terraform(), "terraform.tfstate"))
	if err != nil {
		return nil, err
	}
	var state struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				Key any `json:"index_key"`
			}
		}
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("read Terraform's state: %w", err)
	}
	var out bytes.Buffer
	if tool, err := terraform.Find(s.turnup.Terraform); err == nil {
		fmt.Fprintf(&out, "# %s\n", tool)
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			fmt.Fprintf(&out, "%s %s.%s[%v]\n", r.Mode, r.Type, r.Name, i.Key)
		}
	}
	return out.Bytes(), nil
}

// machines asks each machine for what its services and the pods of the control
// plane have said.
func (s *supporter) machines(ctx context.Context) error {
	file, err := s.turnup.Home.ReadMachines()
	if err != nil {
		return nil // the part machines.json says so
	}
	for _, m := range file.Machines {
		for _, look := range machineLooks {
			err := s.part(ctx, path.Join("machines", m.Name, look.name), func(ctx context.Context) ([]byte, error) {
				return s.ask(ctx, m, look.script)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *supporter) ask(ctx context.Context, m machines.Machine, script string) ([]byte, error) {
	machine, err := s.turnup.open(ctx, m)
	if err != nil {
		return nil, err
	}
	out, err := machine.Run(ctx, "# collect for a support bundle\n"+script, nil)
	return []byte(out), err
}

// machineLooks are what a machine is asked for. None shows an environment or a key.
var machineLooks = []struct{ name, script string }{
	{"system.txt", `PATH=/opt/turnup/bin:$PATH
uname -a; cat /etc/os-release; uptime; free -m 2>/dev/null; df -h 2>/dev/null; df -i /var 2>/dev/null
echo "cgroups v$([ -e /sys/fs/cgroup/cgroup.controllers ] && echo 2 || echo 1)"
systemctl --failed --no-legend --no-pager; ip -brief address; ip route; true`},
	{"containers.txt", `PATH=/opt/turnup/bin:$PATH
containerd --version; for ns in turnup k8s.io moby; do echo "# $ns"; ctr -n $ns containers ls; ctr -n $ns tasks ls; ctr -n $ns images ls -q; done; true`},
	{"kubelet.log", `journalctl --unit kubelet --unit loadbalancer --no-pager --lines 2000; true`},
	{"runtime.log", `journalctl --unit containerd --unit docker --no-pager --lines 1000; cat /var/log/turnup-bootstrap.log 2>/dev/null; true`},
	{"control-plane.log", `for part in etcd kube-apiserver kube-controller-manager kube-scheduler; do
	for log in /var/log/pods/kube-system_$part-*/*/*.log; do [ ! -e "$log" ] || { echo "# $log"; tail -n 500 "$log"; }; done
done; true`},
}
