package tree

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func onCloud(t *testing.T, platform string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	cfg.Provision.Platform = platform
	cfg.Addons.CloudController, cfg.Addons.CloudDisks = true, true
	return cfg
}

func TestEachCloudHasItsOwnControllerAndDisks(t *testing.T) {
	of := map[string][]string{
		"local": {"local-path"}, "baremetal": {"local-path"},
		"aws":   {"aws-cloud-controller", "aws-ebs-csi"},
		"gce":   {"gce-cloud-controller", "gce-pd-csi"},
		"azure": {"azure-cloud-controller", "azure-disk-csi"},
	}
	var all []string
	for _, list := range of {
		all = append(all, list...)
	}
	for platform, want := range of {
		cfg := onCloud(t, platform)
		enabled := Enabled(cfg)
		for _, addon := range all {
			if slices.Contains(enabled, addon) != slices.Contains(want, addon) {
				t.Errorf("on %s, %s is among the addons: %v", platform, addon, slices.Contains(enabled, addon))
			}
		}
		for _, image := range Images(cfg).Images() {
			sidecar := strings.Contains(image.Ref, "sig-storage/")
			if other := slices.Contains([]string{"local", "baremetal"}, platform); sidecar && other {
				t.Errorf("on %s, %s is in the bundle", platform, image.Ref)
			}
		}
		cfg.Addons.CloudController, cfg.Addons.CloudDisks = false, false
		for _, addon := range Enabled(cfg) {
			if platform != "local" && strings.HasPrefix(addon, platform+"-") {
				t.Errorf("on %s, %s is there though nobody wants it", platform, addon)
			}
		}
	}
}

// The names are the module's: where one changes there, the controller would look
// for what is not there.
func TestAzuresControllersAreToldTheNamesOfTheModule(t *testing.T) {
	file := machines.New("10.0.0.4:6443", nil)
	file.Cloud = map[string]string{"subscription": "s", "tenant": "t", "identity": "i"}
	text, err := cloudConfig(onCloud(t, "azure"), file)
	if err != nil {
		t.Fatal(err)
	}
	var told map[string]any
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatal(err)
	}
	module := moduleText(t, "azure")
	for key, name := range map[string]string{
		"resourceGroup": `name     = "turnup-${var.cluster_name}"`, "securityGroupName": `name                = "${var.cluster_name}-${each.key}"`,
		"vnetName": `name                = var.cluster_name`, "subnetName": `azurerm_subnet.role["workers"]`,
	} {
		if !strings.Contains(module, name) {
			t.Errorf("the module does not say %s: is %s still %v?", name, key, told[key])
		}
	}
	for key, want := range map[string]string{
		"resourceGroup": "turnup-demo", "securityGroupName": "demo-workers", "vnetName": "demo", "subnetName": "workers",
		"subscriptionId": "s", "tenantId": "t", "userAssignedIdentityID": "i",
	} {
		if told[key] != want {
			t.Errorf("%s is %v, want %s", key, told[key], want)
		}
	}
	for key := range told {
		if strings.Contains(strings.ToLower(key), "secret") || strings.Contains(strings.ToLower(key), "password") {
			t.Errorf("%s is in a ConfigMap", key)
		}
	}
}

func TestGooglesControllerIsToldTheNamesOfTheModule(t *testing.T) {
	text, err := cloudConfig(onCloud(t, "gce"), machines.File{})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"[global]", "network-name = demo", "subnetwork-name = demo", "node-tags = demo", "node-instance-prefix = demo-"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the config does not say %q:\n%s", line, text)
		}
	}
	module := moduleText(t, "gce")
	for _, line := range []string{"machine       = var.cluster_name", "name                    = var.cluster_name", "name                     = var.cluster_name"} {
		if !strings.Contains(module, line) {
			t.Errorf("the module does not say %q any more", line)
		}
	}
}

func TestAMachinesFileWithoutTheCloudsWordIsNamed(t *testing.T) {
	_, err := cloudConfig(onCloud(t, "azure"), machines.New("10.0.0.4:6443", nil))
	if err == nil || !strings.Contains(err.Error(), "cloud.subscription") || !strings.Contains(ui.HintOf(err), "kubectl turnup provision demo") {
		t.Errorf("it said %v, with the hint %q", err, ui.HintOf(err))
	}
}

func moduleText(t *testing.T, platform string) string {
	t.Helper()
	dir := "../../../../terraform/" + platform
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".tf") {
			data, err := os.ReadFile(dir + "/" + entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			text.Write(data)
		}
	}
	return text.String()
}
