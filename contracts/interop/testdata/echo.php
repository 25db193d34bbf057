<?php
// Reads {"wsdl": path, "version": 1 for SOAP 1.1 or 2 for 1.2, "exchanges": [{"operation": name, "headers": [[namespace,
// name]…], "request": envelope, "reply": envelope}…]} from standard input, takes all in with PHP's SOAP extension, and writes
// {"exchanges": [{"request": …, "reply": …}…]} as the extension itself encodes what it understood.

class Client extends SoapClient
{
    public string $sent = '';
    public string $reply = '';

    public function __doRequest(string $request, string $location, string $action, int $version, bool $oneWay = false): ?string
    {
        $this->sent = $request;
        return $this->reply;
    }
}

class Handler
{
    public array $arguments = [];
    public array $headers = [];
    public mixed $answer = null;

    public function __construct(private string $operation)
    {
    }

    public function __call(string $name, array $arguments)
    {
        if ($name !== $this->operation) {
            $this->headers[$name] = $arguments[0];
            return null;
        }
        $this->arguments = $arguments;
        return $this->answer;
    }
}

function handle(string $wsdl, array $options, Handler $handler, string $request): string
{
    $server = new SoapServer($wsdl, $options);
    $server->setObject($handler);
    ob_start();
    $server->handle($request);
    return ob_get_clean();
}

$given = json_decode(stream_get_contents(STDIN), true);
$wsdl = $given['wsdl'];
$options = ['cache_wsdl' => WSDL_CACHE_MEMORY, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'exceptions' => true, 'soap_version' => $given['version'] === 2 ? SOAP_1_2 : SOAP_1_1];
$echoed = [];
foreach ($given['exchanges'] as $in) {
    $handler = new Handler($in['operation']);
    handle($wsdl, $options, $handler, $in['request']);

    $client = new Client($wsdl, $options);
    $client->reply = $in['reply'];
    $headers = [];
    foreach ($in['headers'] as [$space, $name]) {
        $headers[] = new SoapHeader($space, $name, $handler->headers[$name]);
    }
    $handler->answer = $client->__soapCall($in['operation'], $handler->arguments, null, $headers);
    $echoed[] = ['request' => $client->sent, 'reply' => handle($wsdl, $options, $handler, $in['request'])];
}
echo json_encode(['exchanges' => $echoed], JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
