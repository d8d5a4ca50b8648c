package bootstrap

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func behindProxy(t *testing.T, platform string, settings ...string) config.Cluster {
	t.Helper()
	return on(t, platform, append(settings, "bootstrap.proxy.http=http://proxy.example.com:3128",
		"bootstrap.proxy.https=http://proxy.example.com:3128", "bootstrap.proxy.exceptions=.example.com,10.1.0.0/16")...)
}

func contentOf(list []File, path string) string {
	i := slices.IndexFunc(list, func(f File) bool { return f.Path == path })
	if i < 0 {
		return ""
	}
	return string(list[i].Content)
}

func TestTheContainerRuntimeOfEveryMachineLearnsOfTheProxy(t *testing.T) {
	for _, r := range render(t, behindProxy(t, "local"), onePlusTwo()) {
		const want = `# Written by turnup: bootstrap.proxy of the cluster's config.
[Service]
Environment=HTTP_PROXY=http://proxy.example.com:3128
Environment=HTTPS_PROXY=http://proxy.example.com:3128
Environment=NO_PROXY=localhost,127.0.0.0/8,169.254.0.0/16,172.30.0.0/24,172.30.0.11,10.244.0.0/16,10.96.0.0/16,.svc,.cluster.local,.example.com,10.1.0.0/16
`
		if got := contentOf(r.Files, proxyDropIns[0]); got != want {
			t.Errorf("%s:\n%s", r.Machine.Name, got)
		}
		if !slices.Equal(r.Gone, proxyDropIns[1:]) {
			t.Errorf("%s: %v are to be gone", r.Machine.Name, r.Gone)
		}
	}
}

func TestDockerLearnsOfTheProxyWhereThereIsOne(t *testing.T) {
	for _, r := range render(t, behindProxy(t, "local", "bootstrap.container_runtime=docker"), threePlanes()) {
		hasDocker := r.Machine.Role != machines.LoadBalancer
		if got := contentOf(r.Files, proxyDropIns[1]) != ""; got != hasDocker {
			t.Errorf("%s: a file for Docker: %v", r.Machine.Name, got)
		}
	}
}

func TestWithoutAProxyTheFilesOfAnEarlierOneGo(t *testing.T) {
	for _, r := range render(t, config.Default(), onePlusTwo()) {
		if !slices.Equal(r.Gone, proxyDropIns) || r.proxy != nil {
			t.Errorf("%s: %v are to be gone, the proxy is %v", r.Machine.Name, r.Gone, r.proxy)
		}
	}
}

func TestMachinesOfEveryPlatformAreReachedWithoutTheProxy(t *testing.T) {
	for platform, want := range map[string]string{
		"local": "172.30.0.0/24", "aws": "10.0.0.0/16", "baremetal": "172.30.0.11,172.30.0.21,172.30.0.22",
	} {
		env := strings.Join(proxyEnvironment(behindProxy(t, platform), onePlusTwo()), " ")
		if !strings.Contains(env, ","+want+",") {
			t.Errorf("%s: %s", platform, env)
		}
	}
}

func TestAProxyOfOneSchemeIsOfThatSchemeOnly(t *testing.T) {
	cfg := config.Default()
	cfg.Bootstrap.Proxy.HTTPS = "http://proxy.example.com:3128"
	env := proxyEnvironment(cfg, onePlusTwo())
	if len(env) != 2 || !strings.HasPrefix(env[0], "HTTPS_PROXY=") || !strings.HasPrefix(env[1], "NO_PROXY=") {
		t.Errorf("%v", env)
	}
}

func TestScriptsUseTheProxyBeforeTheyPullAnything(t *testing.T) {
	cfg := behindProxy(t, "aws")
	r, err := RenderGroup(cfg, pki.Placeholder(nil), gpus())
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"the loader": string(bootstrapper(cfg, r)), "the script of Deliver": applyScript("image", r),
	} {
		export := strings.Index(script, "export HTTPS_PROXY='http://proxy.example.com:3128' https_proxy='http://proxy.example.com:3128'\n")
		if pull := strings.Index(script, "images pull"); export < 0 || export > pull {
			t.Errorf("%s exports at %d and pulls at %d", name, export, pull)
		}
	}
}

func TestProxyTellsWhichOneAMachineTakes(t *testing.T) {
	proxy := Proxy(behindProxy(t, "local"))
	for address, want := range map[string]string{
		"https://registry.k8s.io/v2/": "http://proxy.example.com:3128", "http://172.30.0.9:5000/": "", "https://a.example.com": "",
		"https://10.1.2.3": "", "https://web.default.svc": "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if through, err := proxy(u); err != nil {
			t.Fatal(err)
		} else if through != nil {
			got = through.String()
		}
		if got != want {
			t.Errorf("%s is reached by %q, want %q", address, got, want)
		}
	}
}
