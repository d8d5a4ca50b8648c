package controlplane

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// filler is the prefix of the keys that Fill writes; the API server never looks there.
const filler = "filler/"

// errFull is how etcd says that its quota is used up.
var errFull = errors.New("etcd is full")

// Fill writes into etcd until it takes no more and raises its alarm, as it does
// when its quota is used up. It wants a small EtcdQuota.
func (c *Cluster) Fill() error {
	noise := make([]byte, 1<<20)
	if _, err := rand.Read(noise); err != nil {
		return err
	}
	for size := len(noise); size > 256; size /= 2 {
		for i := 0; ; i++ {
			err := c.Etcd("kv/put", map[string]any{"key": fmt.Appendf(nil, "%s%d-%d", filler, size, i), "value": noise[:size]}, nil)
			if errors.Is(err, errFull) {
				break
			}
			if err != nil {
				return err
			}
			if i > 4096 {
				return errors.New("fill etcd: it takes 4 GiB; set a small EtcdQuota")
			}
		}
	}
	return nil
}

// Empty takes away what Fill wrote, makes etcd's file small again and disarms the alarm.
func (c *Cluster) Empty() error {
	end := []byte(filler)
	end[len(end)-1]++
	var deleted struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	if err := c.Etcd("kv/deleterange", map[string]any{"key": []byte(filler), "range_end": end}, &deleted); err != nil {
		return err
	}
	if err := c.Etcd("kv/compaction", map[string]any{"revision": deleted.Header.Revision, "physical": true}, nil); err != nil {
		return err
	}
	if err := c.Etcd("maintenance/defragment", map[string]any{}, nil); err != nil {
		return err
	}
	return c.disarm()
}

// disarm takes back the alarm of each member that raised one.
func (c *Cluster) disarm() error {
	var raised struct {
		Alarms []map[string]any `json:"alarms"`
	}
	if err := c.Etcd("maintenance/alarm", map[string]any{"action": "GET"}, &raised); err != nil {
		return err
	}
	for _, alarm := range raised.Alarms {
		alarm["action"] = "DEACTIVATE"
		if err := c.Etcd("maintenance/alarm", alarm, nil); err != nil {
			return err
		}
	}
	return nil
}

// Etcd calls etcd's JSON gateway, for example "kv/put"; bytes are sent in base64, as it wants them.
func (c *Cluster) Etcd(call string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Post(c.etcd+"/v3/"+call, "application/json", bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("call etcd: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return fmt.Errorf("call etcd's %s: %w", call, err)
	case strings.Contains(string(text), "database space exceeded"):
		return errFull
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("call etcd's %s: %s: %s", call, response.Status, text)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(text, answer)
}
