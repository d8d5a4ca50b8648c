package turnup

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// machineLook is what a machine itself says of its unit.
type machineLook struct {
	machine machines.Machine
	err     error // it cannot be reached
	state   string
	log     string
}

// examineMachines looks whether every machine runs and its unit with it.
func (t *Turnup) examineMachines(ctx context.Context, d *Diagnosis, file machines.File) bool {
	ctx, cancel := context.WithTimeout(ctx, doctorBudget)
	defer cancel()
	looks := make([]machineLook, len(file.Machines))
	var all sync.WaitGroup
	for i, m := range file.Machines {
		all.Go(func() { looks[i] = t.lookAtUnit(ctx, m) })
	}
	all.Wait()
	well := true
	for _, l := range looks {
		what := "machine " + l.machine.Name + " answers"
		if !d.see(phaseProvision, what, "MachineUnreachable", l.err) {
			well = false
		}
	}
	for _, l := range looks {
		if l.err != nil {
			continue
		}
		unit := bootstrap.Unit(l.machine.Role)
		var err error
		if l.state != "active" {
			err = ui.Hint(fmt.Errorf("%s of %s is %s", unit, l.machine.Name, l.state),
				"`kubectl turnup bootstrap %s` puts right what differs, and starts it", t.name())
		}
		if !d.see(phaseBootstrap, unit+" of "+l.machine.Name+" runs", "UnitDown", err, l.log) {
			well = false
		}
	}
	if !t.examineCertificates(d) {
		well = false
	}
	return well
}

// lookAtUnit asks a machine; a part of its log comes along if the unit is not well.
func (t *Turnup) lookAtUnit(ctx context.Context, m machines.Machine) machineLook {
	l := machineLook{machine: m}
	machine, err := t.open(ctx, m)
	if err != nil {
		l.err = err
		return l
	}
	unit := bootstrap.Unit(m.Role)
	out, err := machine.Run(ctx, `# look at the unit
state=$(systemctl is-active `+unit+`)
# One that fails and is started anew, again and again, is not well either.
[ "$state" != active ] || [ "$(systemctl show --property SubState --value `+unit+`)" = running ] || state=restarting
echo "$state"
[ "$state" = active ] || journalctl --unit `+unit+` --no-pager --output cat --lines 10 | cut -c 1-400`, nil)
	if err != nil {
		l.err = err
		return l
	}
	l.state, l.log, _ = strings.Cut(out, "\n")
	return l
}

// examineCertificates looks at the certificates in the cluster's directory: create
// renews them in time, if somebody runs it.
func (t *Turnup) examineCertificates(d *Diagnosis) bool {
	const what = "the certificates are valid"
	soonest, err := soonestExpiry(t.Home.PKI())
	switch {
	case err != nil:
		return d.see(phaseBootstrap, what, "CertificatesUnreadable", err)
	case soonest.at.IsZero():
		return true // keys that somebody keeps elsewhere
	}
	left := time.Until(soonest.at)
	switch {
	case left < 0:
		err = ui.Hint(fmt.Errorf("%s has expired on %s", soonest.name, soonest.at.Format(time.DateOnly)),
			"`kubectl turnup create %s` renews what is about to expire, and restarts what uses it", t.name())
	case left < pki.RenewBefore:
		d.warn(phaseBootstrap, what, "CertificateExpiresSoon",
			fmt.Sprintf("%s expires on %s; `kubectl turnup create %s` renews it", soonest.name, soonest.at.Format(time.DateOnly), t.name()))
		return true
	}
	return d.see(phaseBootstrap, what, "CertificateExpired", err)
}

type expiry struct {
	name string // below the PKI directory
	at   time.Time
}

// soonestExpiry finds the certificate that expires first.
func soonestExpiry(dir string) (expiry, error) {
	var first expiry
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".crt" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at, err := expiryOf(data)
		if errors.Is(err, errNoCertificate) {
			return fmt.Errorf("%s is no certificate", ui.Relative(path))
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", ui.Relative(path), err)
		}
		if first.at.IsZero() || at.Before(first.at) {
			name, _ := filepath.Rel(dir, path)
			first = expiry{name, at}
		}
		return nil
	})
	return first, err
}

// errNoCertificate is that of a file with no PEM block.
var errNoCertificate = errors.New("no certificate")

// expiryOf is when the first certificate of a PEM file expires.
func expiryOf(data []byte) (time.Time, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return time.Time{}, errNoCertificate
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, err
	}
	return cert.NotAfter, nil
}

// examineNodes asks the API server, and says of a control plane that does not
// answer what its pods say.
func (t *Turnup) examineNodes(ctx context.Context, d *Diagnosis, file machines.File) bool {
	ctx, cancel := context.WithTimeout(ctx, doctorBudget)
	defer cancel()
	to, err := t.connect()
	if !d.see(phaseBootstrap, "there is a kubeconfig", "KubeconfigMissing", err) {
		return false
	}
	list, err := to.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		logs := t.controlPlaneLogs(ctx, file)
		if !t.examineEtcd(ctx, d, file, logs) {
			return false
		}
		err = ui.Hint(fmt.Errorf("the API server at %s does not answer: %w", file.Endpoint, err), "look at the logs; they are in /var/log/pods of the control planes")
		d.see(phaseBootstrap, "the API server answers", "APIServerDown", err, logs...)
		return false
	}
	d.ok(phaseBootstrap, "the API server answers")
	nodes := map[string]corev1.Node{}
	for _, n := range list.Items {
		nodes[n.Name] = n
	}
	well := true
	for _, m := range file.Machines {
		if m.Role == machines.LoadBalancer {
			continue
		}
		n, ok := nodes[m.Name]
		code, err := "NodeMissing", fmt.Errorf("%s has not become a node", m.Name)
		if ok {
			code, err = "NodeNotReady", nil
			if why := notReady(n); why != "" {
				err = errors.New(why)
			} else if why := pressure(n); why != "" {
				code = "NodeUnderPressure"
				err = ui.Hint(errors.New(why), "make room on %s: the kubelet evicts pods until there is some, and takes no new ones", m.Name)
			}
		}
		var log string
		if err != nil {
			log, _ = t.kubeletLog(ctx, m) // whatever there is
		}
		if !d.see(phaseBootstrap, "node "+m.Name+" is ready", code, err, log) {
			well = false
		}
	}
	return well
}

// examineEtcd tells whether it is etcd that keeps the API server from answering.
func (t *Turnup) examineEtcd(ctx context.Context, d *Diagnosis, file machines.File, logs []string) bool {
	_, err := t.etcdStatus(ctx, file)
	err = ui.Hint(err, "etcd answers while more than half of its members run; `kubectl turnup bootstrap %s` puts right what differs on its machines", t.name())
	return d.see(phaseBootstrap, "etcd answers", "EtcdDown", err, logs...)
}

// pressure says of what a node has too little, "" for nothing.
func pressure(n corev1.Node) string {
	var list []string
	for _, c := range n.Status.Conditions {
		switch c.Type {
		case corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure:
			if c.Status == corev1.ConditionTrue {
				list = append(list, fmt.Sprintf("%s: %s", c.Type, c.Message))
			}
		}
	}
	return strings.Join(list, "; ")
}

// controlPlaneLogs are the last lines of etcd and of the API server, by machine.
func (t *Turnup) controlPlaneLogs(ctx context.Context, file machines.File) []string {
	var logs []string
	for _, m := range file.WithRole(machines.ControlPlane) {
		machine, err := t.open(ctx, m)
		if err != nil {
			continue
		}
		out, err := machine.Run(ctx, `# read the logs of the control plane
for part in etcd kube-apiserver; do
	log=$(ls -t /var/log/pods/kube-system_$part-*/*/*.log 2>/dev/null | head -n 1)
	[ -z "$log" ] || tail -n 4 "$log" | cut -d ' ' -f 4- | cut -c 1-300 | sed "s|^|$part: |"
	[ -n "$log" ] || echo "$part has never run here"
done`, nil)
		if err == nil {
			logs = append(logs, m.Name+":\n"+out)
		}
	}
	return logs
}

// examineAddons looks at the addon manager and at what it says of each addon.
func (t *Turnup) examineAddons(ctx context.Context, d *Diagnosis) {
	ctx, cancel := context.WithTimeout(ctx, doctorBudget)
	defer cancel()
	to, err := t.connect()
	if err != nil {
		return // examineNodes has said so
	}
	manager, err := to.Typed.AppsV1().Deployments(object.Namespace).Get(ctx, object.Manager, metav1.GetOptions{})
	if err == nil && manager.Status.ReadyReplicas == 0 {
		err = errors.New("no pod of it is ready")
	}
	d.see(phaseAddons, "the addon manager runs", "AddonManagerDown",
		ui.Hint(err, "`kubectl turnup addons deploy %s` installs it anew; `kubectl turnup addons logs` is what it says", t.name()))
	addons, err := listAddons(ctx, to)
	if !d.see(phaseAddons, "the addons can be listed", "AddonsUnknown", err) {
		return
	}
	for _, a := range addons {
		var err error
		if a.Ready != "True" {
			err = ui.Hint(errors.New(cmp.Or(a.Message, "it is not ready, and the manager does not say why")),
				"`kubectl turnup addons tree %s` shows each of its objects", a.Name)
		}
		d.see(phaseAddons, "addon "+a.Name+" is healthy", "AddonNotReady", err)
	}
}
