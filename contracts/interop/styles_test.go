package interop_test

import (
	"encoding/base64"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/contracts/mtom"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
)

// onPort calls f with each port of testdata/styles.wsdl in a file of its own, since other stacks choose one for themselves.
func onPort(t *testing.T, f func(t *testing.T, file string, version wsdl.Version, all []exchange)) {
	t.Helper()
	text, err := os.ReadFile("testdata/styles.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	ports := regexp.MustCompile(`(?m)^ *<port name="(\w+)".*\n`).FindAllStringSubmatch(string(text), -1)
	if len(ports) != 4 {
		t.Fatalf("%d ports", len(ports))
	}
	for _, own := range ports {
		t.Run(own[1], func(t *testing.T) {
			alone := string(text)
			for _, other := range ports {
				if other[1] != own[1] {
					alone = strings.Replace(alone, other[0], "", 1)
				}
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "styles.wsdl"), []byte(alone), 0o600); err != nil {
				t.Fatal(err)
			}
			all := exchanges(t, os.DirFS(dir), "styles.wsdl")
			f(t, filepath.Join(dir, "styles.wsdl"), all[0].operation.Version, all)
		})
	}
}

// TestStylesPHP speaks document/literal and rpc/literal of both SOAP versions with PHP. It knows no MTOM.
func TestStylesPHP(t *testing.T) {
	php := need(t, "php", "php-cli, with php-soap", "-r", `exit(extension_loaded("soap") ? 0 : 1);`)
	onPort(t, func(t *testing.T, file string, version wsdl.Version, all []exchange) {
		throughPHP(t, php, file, version, all)
	})
}

// TestStylesZeep speaks the same with zeep, and sends it replies with attachments.
func TestStylesZeep(t *testing.T) {
	python := need(t, "/usr/bin/python3", "python3-zeep", "-c", "import zeep")
	onPort(t, func(t *testing.T, file string, version wsdl.Version, all []exchange) {
		var in struct {
			WSDL      string              `json:"wsdl"`
			Operation string              `json:"operation"`
			Requests  []string            `json:"requests"`
			Replies   []map[string]string `json:"replies"`
		}
		in.WSDL, in.Operation = file, all[0].operation.Name
		reply := func(contentType string, content []byte) {
			in.Replies = append(in.Replies, map[string]string{"type": contentType, "content": base64.StdEncoding.EncodeToString(content)})
		}
		for _, x := range all {
			in.Requests = append(in.Requests, x.request)
			reply(x.operation.ContentType(), []byte(x.reply))
		}
		o := all[0].operation
		if o.Name == "Ask" {
			reply(attached(t, o))
		}
		var out struct{ Requests, Replies []string }
		echo(t, in, &out, python, "testdata/styles.py")
		if len(out.Requests) != len(all) || len(out.Replies) != len(in.Replies) {
			t.Fatalf("%d requests and %d replies of %d and %d", len(out.Requests), len(out.Replies), len(all), len(in.Replies))
		}
		for i, x := range all {
			same(t, o.Request, out.Requests[i], x.asked, x.request)
			same(t, o.Reply, out.Replies[i], x.told, x.reply)
		}
		if len(out.Replies) > len(all) {
			same(t, o.Reply, out.Replies[len(all)], withFiles(), "two attachments")
		}
	})
}

// withFiles is an answer whose binaries are worth an attachment each.
func withFiles() *tree.Object {
	file := func(letter string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 3000)))
	}
	return tree.Of("Answer", tree.Of("found", true, "file", []any{file("a"), file("b")}))
}

// attached packages it as MTOM does.
func attached(t *testing.T, o *wsdl.Operation) (contentType string, message []byte) {
	t.Helper()
	var parts []mtom.Part
	env, err := o.Reply.AppendAttaching(nil, withFiles(), func(content []byte) (href string) {
		id := fmt.Sprintf("part-%d@styles.example", len(parts))
		parts = append(parts, mtom.Part{ID: id, Type: "application/octet-stream", Body: content})
		return "cid:" + id
	})
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	mediaType, _, err := mime.ParseMediaType(o.ContentType())
	if err != nil {
		t.Fatal(err)
	}
	message, contentType = mtom.Package(mtom.Part{Type: mediaType, Body: env}, "", true, parts)
	return contentType, message
}
