package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	crand "crypto/rand"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// racks are hosts that somebody else has set up: containers of the machine image
// with an SSH server. The plugin knows their machines file, and nothing of Docker.
type racks struct {
	*cluster
	plane, worker machines.Machine
	// lost is in the machines file of some subtests, and nowhere else.
	lost machines.Machine
}

const sudoPassword = "correct horse battery staple"

// TestHostsThatExistBecomeAClusterOverSSH lives through the life of a cluster on
// hosts: found wanting, turned up through faults, and left clean.
func TestHostsThatExistBecomeAClusterOverSSH(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	r := newRacks(ctx, t)

	r.sub(ctx, t, "unknown host keys are asked about, and taken when told so", r.hostKeysAreAskedAbout)
	r.sub(ctx, t, "a check says all that is wrong, of all hosts", r.checkFinds)
	r.sub(ctx, t, "a user who may not log in, or become root, is told so", r.strangersAreRefused)
	r.sub(ctx, t, "a full disk is said to be full", r.fullDiskIsSaid)
	r.sub(ctx, t, "a host that reboots in the midst of it is taken up again", r.rebootIsSurvived)
	r.sub(ctx, t, "create again changes nothing", r.createAgain)
	r.sub(ctx, t, "a changed host key is refused", r.changedKeyIsRefused)
	r.sub(ctx, t, "a host that is reset is a host like before", r.resetLeavesNothing)
	r.sub(ctx, t, "delete resets the others", r.deleteResets)
}

func newRacks(ctx context.Context, t *testing.T) *racks {
	t.Helper()
	r := &racks{cluster: newCluster(ctx, t, newPlugin(t), 1)}
	r.setUpNetwork(ctx, t)
	prefix := netip.MustParsePrefix(r.subnet).Addr()
	address := func(n int) string {
		a := prefix
		for range n {
			a = a.Next()
		}
		return a.String()
	}
	key := r.newKey(t)
	entry := func(name string, role machines.Role, n int, user string) machines.Machine {
		return machines.Machine{Name: r.name + "-" + name, Role: role, Address: address(n),
			Transport: machines.Transport{SSH: &machines.SSH{User: user, IdentityFile: "keys/id"}}}
	}
	r.plane = entry("plane", machines.ControlPlane, 11, "deploy")
	r.worker = entry("worker", machines.Worker, 21, "walter")
	r.lost = entry("lost", machines.Worker, 99, "deploy")
	r.worker.Transport.SSH.Jump = &machines.Jump{Host: r.plane.Address, User: "deploy"}
	image := r.loadImage(ctx, t)
	for _, m := range []machines.Machine{r.plane, r.worker} {
		r.setUpHost(ctx, t, m, image, key)
	}
	r.write(t, r.plane, r.worker)
	r.env = []string{"TURNUP_SUDO_PASSWORD=" + sudoPassword}
	return r
}

func (r *racks) setUpNetwork(ctx context.Context, t *testing.T) {
	t.Helper()
	_, err := r.docker.NetworkCreate(ctx, r.name, network.CreateOptions{
		Labels: map[string]string{"dev.turnup.cluster": r.name},
		IPAM:   &network.IPAM{Config: []network.IPAMConfig{{Subnet: r.subnet}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// newKey writes the private half to keys/id and returns the public one.
func (r *racks) newKey(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "e2e")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.dir, "keys", "id")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	half, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(half))
}

// loadImage gives Docker the machine image of the bundle.
func (r *racks) loadImage(ctx context.Context, t *testing.T) string {
	t.Helper()
	bundle, err := images.Open(r.bundle)
	if err != nil {
		t.Fatal(err)
	}
	ref := images.For(r.release, "").Ref(images.Machine)
	read, write := io.Pipe()
	go func() { _ = write.CloseWithError(bundle.DockerTar(write, ref)) }()
	loaded, err := r.docker.ImageLoad(ctx, read)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Body.Close()
	if _, err := io.Copy(io.Discard, loaded.Body); err != nil {
		t.Fatal(err)
	}
	return ref
}

// setUpHost makes a host with an SSH server and two users: deploy, who becomes
// root as he likes, and walter, whose sudo asks for a password.
func (r *racks) setUpHost(ctx context.Context, t *testing.T, m machines.Machine, image, key string) {
	t.Helper()
	label := map[string]string{"dev.turnup.cluster": r.name}
	_, err := r.docker.ContainerCreate(ctx, &container.Config{
		Hostname: m.Name, Image: image, Labels: label, Env: []string{"container=docker"}, StopSignal: "SIGRTMIN+3",
	}, &container.HostConfig{
		// The options of a machine: terraform/local/machines.tf.
		CapAdd: []string{"ALL"}, CapDrop: []string{"CAP_SYS_RESOURCE"},
		SecurityOpt: []string{"seccomp=unconfined", "apparmor=unconfined"},
		MaskedPaths: []string{}, ReadonlyPaths: []string{},
		CgroupnsMode: "private", NetworkMode: container.NetworkMode(r.name),
		Tmpfs:     map[string]string{"/run": "", "/tmp": ""},
		Resources: container.Resources{DeviceCgroupRules: []string{"a *:* rwm"}},
		Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: m.Name + "-var", Target: "/var",
			VolumeOptions: &mount.VolumeOptions{Labels: label}}},
	}, &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		r.name: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: m.Address}},
	}}, nil, m.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.docker.ContainerStart(ctx, m.Name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	r.docker.must(ctx, t, m.Name, key, `set -e
systemctl is-system-running --wait >/dev/null || true
key=$(cat)
cd /etc/systemd/system
for unit in ssh.service ssh.socket sshd.service sshd-keygen.service systemd-user-sessions.service; do
	test "$(readlink $unit)" != /dev/null || rm $unit
done
rm -f /run/nologin
ssh-keygen -A >/dev/null
for user in deploy walter; do
	useradd --create-home --shell /bin/bash $user
	install -d -m 700 -o $user /home/$user/.ssh
	echo "$key" >/home/$user/.ssh/authorized_keys
	chown $user /home/$user/.ssh/authorized_keys
done
echo 'walter:`+sudoPassword+`' | chpasswd
printf '%s\n' 'deploy ALL=(ALL) NOPASSWD: ALL' 'walter ALL=(ALL) ALL' >/etc/sudoers.d/e2e
# How full this computer's disk is says nothing about the host.
printf '%s\n' 'apiVersion: kubelet.config.k8s.io/v1beta1' 'kind: KubeletConfiguration' 'imageGCHighThresholdPercent: 100' \
	'imageGCLowThresholdPercent: 99' 'evictionHard: {nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, imagefs.inodesFree: 0%}' \
	>/etc/kubernetes/kubelet.conf.d/20-e2e.conf
# enable wants perl, for the script of an older init that the package brings along.
ln -sf /lib/systemd/system/ssh.service multi-user.target.wants/
systemctl daemon-reload
systemctl start systemd-user-sessions ssh`)
}

// write writes the user's machines file.
func (r *racks) write(t *testing.T, list ...machines.Machine) {
	t.Helper()
	file := machines.New(r.plane.Address+":6443", list)
	if err := os.WriteFile(filepath.Join(r.dir, "machines.json"), file.Encode(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *racks) args(verb ...string) []string {
	return append(verb, r.name, "--bundle", r.bundle, "--set", "provision.platform=baremetal")
}

// refused wants a run to fail and to say all the words.
func (r *racks) refused(ctx context.Context, t *testing.T, args []string, words ...string) {
	t.Helper()
	wantsRefusal(t, r.run(ctx, t, args...), words...)
}

func (r *racks) hostKeysAreAskedAbout(ctx context.Context, t *testing.T) {
	r.refused(ctx, t, r.args("machines", "check"), "the host key of "+r.plane.Address+":22 is not known", "SHA256:", "--accept-host-keys")
	r.refused(ctx, t, r.args("create"), "nothing was changed on any of them", "is not known")
	r.must(ctx, t, append(r.args("machines", "check"), "--accept-host-keys")...)
	known, err := os.ReadFile(r.home("known_hosts"))
	if err != nil || bytes.Count(known, []byte("\n")) != 2 {
		t.Errorf("known hosts: %v\n%s", err, known)
	}
}

func (r *racks) checkFinds(ctx context.Context, t *testing.T) {
	defer r.write(t, r.plane, r.worker)
	r.write(t, r.plane, r.worker, r.lost)
	r.docker.must(ctx, t, r.worker.Name, "", `mkdir -p /etc/kubernetes/manifests && touch /etc/kubernetes/manifests/theirs.yaml`)
	defer r.docker.must(ctx, t, r.worker.Name, "", `rm -r /etc/kubernetes/manifests`)
	ran := r.run(ctx, t, append(r.args("machines", "check"), "-o", "json")...)
	var report struct {
		Findings []struct{ Machine, Level, Check, Message string }
	}
	if err := json.Unmarshal([]byte(ran.stdout), &report); err != nil {
		t.Fatalf("%v\n%s", err, ran)
	}
	found := map[string]bool{}
	for _, f := range report.Findings {
		if f.Level == "error" {
			found[f.Machine+" "+f.Check] = true
		}
	}
	for _, want := range []string{r.lost.Name + " reach", r.worker.Name + " cluster"} {
		if !found[want] {
			t.Errorf("%q is not found:\n%s", want, ran)
		}
	}
	if len(found) != 2 || ran.code != 1 {
		t.Errorf("exit code %d, found %v", ran.code, found)
	}
}

func (r *racks) strangersAreRefused(ctx context.Context, t *testing.T) {
	defer func(env []string) {
		r.env = env
		r.write(t, r.plane, r.worker)
	}(r.env)
	stranger := r.plane
	stranger.Transport.SSH = &machines.SSH{User: "nobody", IdentityFile: "keys/id"}
	r.write(t, stranger, r.worker)
	r.refused(ctx, t, r.args("machines", "check"), "nobody@"+r.plane.Address+":22: the server takes none of our keys")
	r.write(t, r.plane, r.worker)
	r.env = nil
	r.refused(ctx, t, r.args("machines", "check"), "sudo wants a password, and nobody can be asked")
	r.env = []string{"TURNUP_SUDO_PASSWORD=wrong"}
	r.refused(ctx, t, r.args("machines", "check"), "sudo does not take the password of walter")
}

func (r *racks) fullDiskIsSaid(ctx context.Context, t *testing.T) {
	r.docker.must(ctx, t, r.plane.Name, "", `mkdir -p /etc/kubernetes/kube-apiserver && mount -t tmpfs -o size=8k tmpfs /etc/kubernetes/kube-apiserver`)
	r.refused(ctx, t, r.args("create"), r.plane.Name, "no space left on device")
	r.docker.must(ctx, t, r.plane.Name, "", `umount /etc/kubernetes/kube-apiserver`)
}

// rebootIsSurvived cuts the power of the worker while it is bootstrapped.
func (r *racks) rebootIsSurvived(ctx context.Context, t *testing.T) {
	first := r.beside(ctx, t, "bootstrap "+r.worker.Name, 2*time.Second, func() {
		now := 0
		if err := r.docker.ContainerRestart(ctx, r.worker.Name, container.StopOptions{Timeout: &now}); err != nil {
			t.Error(err)
		}
	}, r.args("create")...)
	t.Logf("create beside a power cut: exit code %d after %s\n%s", first.code, first.took.Round(100*time.Millisecond), first)
	again := r.must(ctx, t, r.args("create")...)
	t.Logf("create after it took %s", again.took.Round(100*time.Millisecond))
	r.connect(t)
	for _, m := range []machines.Machine{r.plane, r.worker} {
		await(ctx, t, "node "+m.Name, time.Minute, func(ctx context.Context) (bool, string, error) {
			n, err := r.kube.CoreV1().Nodes().Get(ctx, m.Name, metav1.GetOptions{})
			if err != nil {
				return false, "", err
			}
			return nodeReady(*n), "not ready", nil
		})
	}
	r.must(ctx, t, "status", r.name)
	log, err := os.ReadFile(r.home("logs", r.worker.Name+".log"))
	if err != nil || !bytes.Contains(log, []byte(" run apply the Ignition config\n")) || bytes.Contains(log, []byte(sudoPassword)) {
		t.Errorf("the machine's log: %v\n%s", err, log)
	}
}

func (r *racks) createAgain(ctx context.Context, t *testing.T) {
	again := r.must(ctx, t, r.args("create")...)
	if strings.Count(again.stderr, "nothing to change") < 2 {
		t.Errorf("something changed:\n%s", again)
	}
}

func (r *racks) changedKeyIsRefused(ctx context.Context, t *testing.T) {
	const files = "/etc/ssh/ssh_host_ed25519_key"
	r.docker.must(ctx, t, r.plane.Name, "", `mkdir /var/kept && mv `+files+`* /var/kept && ssh-keygen -q -t ed25519 -N '' -f `+files+` && systemctl restart ssh`)
	r.refused(ctx, t, append(r.args("create"), "--accept-host-keys"), "the host key of "+r.plane.Address+":22 has changed", "known_hosts:", "SHA256:", "somebody is in between")
	r.docker.must(ctx, t, r.plane.Name, "", `mv /var/kept/* /etc/ssh/ && systemctl restart ssh`)
}

// clean is what a host looks like that nobody has touched.
const clean = `left() { echo "left: $*" >&2; exit 1; }
systemctl is-active --quiet kubelet && left kubelet
for path in /etc/systemd/system/kubelet.service /var/lib/kubelet /etc/kubernetes/pki /etc/kubernetes/manifests; do
	test ! -e $path || left $path
done
ip link show cni0 >/dev/null 2>&1 && left cni0
tasks=$(ctr -n k8s.io tasks ls -q; ctr -n turnup tasks ls -q)
test -z "$tasks" || left "$tasks"
iptables-save | grep KUBE- >&2 && left chains
test -e /etc/kubernetes/kubelet.conf.d/20-e2e.conf || left nothing of its own
`

func (r *racks) resetLeavesNothing(ctx context.Context, t *testing.T) {
	if r.kube == nil {
		t.Skip("SKIPPED: there is no cluster to take a host out of")
	}
	r.refused(ctx, t, []string{"machines", "reset", r.plane.Name, "--yes"}, "is the only control plane")
	r.must(ctx, t, "machines", "reset", r.worker.Name, "--yes")
	r.docker.must(ctx, t, r.worker.Name, "", clean)
	if _, err := r.kube.CoreV1().Nodes().Get(ctx, r.worker.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("its node: %v", err)
	}
	r.refused(ctx, t, []string{"machines", "reset", r.worker.Name, "--yes"}, "there is no machine")
}

func (r *racks) deleteResets(ctx context.Context, t *testing.T) {
	r.must(ctx, t, "delete", r.name, "--yes")
	r.docker.must(ctx, t, r.plane.Name, "", clean+"test -z \"$(ls -A /var/lib/etcd 2>/dev/null)\"")
	if _, err := os.Stat(r.home("pki")); err == nil {
		t.Error("the keys are still there")
	}
}
