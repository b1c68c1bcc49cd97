
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "native.h"


/*
 * What a reader makes of a frame: the request in words; or the text of a
 * BadRequest; or no request at all, which closes the connection with 1007.
 */

typedef struct {
    const char  *frame;          /* JSON with ' for ", or hexadecimal */
    ngx_int_t    rc;
    const char  *want;
} test_frame_t;


#define TAKEN    NGX_OK
#define REFUSED  NGX_DECLINED
#define CLOSED   NGX_ERROR

#define GROUP    "The name of the group is invalid."
#define EVENT    "The name of the event is invalid."
#define INVOKE   "The invocation id is empty or too long."
#define STREAM   "The stream id is empty or too long."
#define START    "A stream starts with its id and idle timeout alone."
#define IDLE     "The idle timeout is zero."
#define PIECE    "A fragment has a sequence id and data, or neither."
#define OTHER    "This request cannot start a stream."
#define TTL      "The time to live is more than 300 seconds."
#define NODATA   "The data is missing."
#define TWICE    "A map has a name twice."
#define LONG     "A name or value of the metadata is too long or empty."
#define TOKEN    "A name of the metadata is no token."
#define ASCII    "A value of the metadata is not printable ASCII."

#define MISSING  "a member of the request is missing"
#define NOTYPE   "no request: it has no type"
#define UNKNOWN  "unknown type of request"
#define STRING   "a member that should be a string is none"
#define INT64    "a member that should be an integer of 64 bits is none"
#define INT32    "a member that should be an integer of 32 bits is none"
#define OBJECT   "a member that should be an object is none"
#define NOECHO   "noEcho is neither true nor false"
#define TARGET   "the target of an invocation is no event"
#define TYPE     "unknown type of data"
#define ISTEXT   "data of that type should be a string"
#define BASE64   "data is no base64"
#define NOTSO    "data is not as its type says"
#define JSON     "invalid JSON"
#define PROTO    "invalid protobuf"
#define UTF8     "a string is not UTF-8"


static test_frame_t  test_json_frames[] = {

    /* all types */

    { "{'type':'joinGroup','group':'g','ackId':1}", TAKEN,
      "join group=g ack=1" },
    { "{'type':'leaveGroup','group':'g'}", TAKEN, "leave group=g" },
    { "{'type':'sendToGroup','group':'g','ackId':2,'noEcho':false,"
      "'dataType':'text','data':'hi'}", TAKEN, "send group=g ack=2 text:hi" },
    { "{'data':'hi','dataType':'text','noEcho':true,'ttlSeconds':300,"
      "'metadata':{'A-b':'c d'},'group':'g','type':'sendToGroup'}", TAKEN,
      "send group=g ttl=300 no-echo=1 text:hi metadata{a-b=c d}" },
    { "{'type':'event','event':'say','ackId':0,'data':{'a':[1]}}", TAKEN,
      "event event=say ack=0 json:{\"a\":[1]}" },
    { "{'type':'ping'}", TAKEN, "ping" },
    { "{'type':'sequenceAck','sequenceId':7}", TAKEN,
      "sequence-ack sequence=7" },
    { "{'type':'invoke','invocationId':'1','target':'event','event':'e',"
      "'dataType':'text','data':''}", TAKEN,
      "invoke event=e invocation=1 text:" },
    { "{'type':'invoke','invocationId':'1','target':'event','event':'e'}",
      TAKEN, "invoke event=e invocation=1" },
    { "{'type':'cancelInvocation','invocationId':'1'}", TAKEN,
      "cancel invocation=1" },
    { "{'type':'sendToGroup','group':'g','stream':{'streamId':'s'}}", TAKEN,
      "stream-start group=g stream=s idle=300000" },
    { "{'type':'sendToGroup','group':'g','noEcho':true,"
      "'stream':{'streamId':'s','idleTimeoutMs':5}}", TAKEN,
      "stream-start group=g stream=s idle=5 no-echo=1" },
    { "{'type':'streamData','streamId':'s','streamSequenceId':1,"
      "'dataType':'binary','data':'AQ=='}", TAKEN,
      "stream-data stream=s sequence=1 binary:<01>" },
    { "{'type':'streamData','streamId':'s'}", TAKEN, "stream-data stream=s" },
    { "{'type':'streamEnd','streamId':'s'}", TAKEN, "stream-end stream=s" },
    { "{'type':'streamEnd','streamId':'s','error':{}}", TAKEN,
      "stream-end stream=s error=1" },
    { "{'type':'streamEnd','streamId':'s','error':{'message':'m',"
      "'userErrorCode':'c'}}", TAKEN,
      "stream-end stream=s error=1 message=m code=c" },
    { "{'type':'setGroupState','group':'g','state':{'a':'b','c':''}}", TAKEN,
      "set-state group=g state{a=b c=}" },
    { "{'type':'setGroupState','group':'g','state':{}}", TAKEN,
      "set-state group=g state{}" },
    { "{'type':'setGroupState','group':'g','state':null}", TAKEN,
      "set-state group=g" },
    { "{'type':'subscribeGroupState','group':'g','ackId':3}", TAKEN,
      "sub-state group=g ack=3" },
    { "{'type':'unsubscribeGroupState','group':'g'}", TAKEN,
      "unsub-state group=g" },

    /* names without case, members that are null, of other types, unknown */

    { "{'type':'JOINgroup','group':'g'}", TAKEN, "join group=g" },
    { "{'type':'sendToGroup','group':'g','dataType':'TEXT','data':'a'}", TAKEN,
      "send group=g text:a" },
    { "{'type':'sendToGroup','group':'g','ackId':null,'noEcho':null,"
      "'metadata':null,'ttlSeconds':null,'dataType':null,'stream':null,"
      "'data':1}", TAKEN, "send group=g json:1" },
    { "{'type':'ping','group':1,'ackId':'x','new':{'a':[]}}", TAKEN, "ping" },
    { " {'type' : 'ping' } ", TAKEN, "ping" },
    { "{'type':'joinGroup','Group':'g'}", CLOSED, MISSING },

    /* data */

    { "{'type':'event','event':'e','data':'a\\u00e9'}", TAKEN,
      "event event=e json:\"a<c3><a9>\"" },
    { "{'type':'event','event':'e','data': {'b' : 1.50,'b':2} }", TAKEN,
      "event event=e json:{\"b\" : 1.50,\"b\":2}" },
    { "{'type':'event','event':'e','data':false}", TAKEN,
      "event event=e json:false" },
    { "{'type':'event','event':'e','data':123456789012345678901234567890}",
      TAKEN, "event event=e json:123456789012345678901234567890" },
    { "{'type':'event','event':'e','dataType':'text','data':'\\u0000'}", TAKEN,
      "event event=e text:<00>" },
    { "{'type':'event','event':'e','dataType':'binary','data':''}", TAKEN,
      "event event=e binary:" },
    { "{'type':'event','event':'e','dataType':'binary','data':'AQI='}", TAKEN,
      "event event=e binary:<01><02>" },
    { "{'type':'event','event':'e','dataType':'binary','data':'\\u0041QID'}",
      TAKEN, "event event=e binary:<01><02><03>" },
    { "{'type':'event','event':'e','dataType':'protobuf','data':'CgF0EgF2'}",
      TAKEN, "event event=e protobuf:<0a><01>t<12><01>v" },
    { "{'type':'event','event':'e','dataType':'protobuf','data':'CgH/'}",
      CLOSED, NOTSO },
    { "{'type':'event','event':'e','dataType':'protobuf','data':'CgJ0'}",
      CLOSED, NOTSO },
    { "{'type':'event','event':'e','metadata':{'a':'1'}}", TAKEN,
      "event event=e text: metadata{a=1}" },
    { "{'type':'event','event':'e'}", REFUSED, NODATA },
    { "{'type':'event','event':'e','data':null}", REFUSED, NODATA },
    { "{'type':'event','event':'e','metadata':{}}", REFUSED, NODATA },
    { "{'type':'sendToGroup','group':'g'}", REFUSED, NODATA },
    { "{'type':'event','event':'e','dataType':'text','data':1}", CLOSED,
      ISTEXT },
    { "{'type':'event','event':'e','dataType':'binary','data':{}}", CLOSED,
      ISTEXT },
    { "{'type':'event','event':'e','dataType':'xml','data':''}", CLOSED,
      TYPE },
    { "{'type':'event','event':'e','dataType':'','data':''}", CLOSED, TYPE },
    { "{'type':'event','event':'e','dataType':1,'data':''}", CLOSED, STRING },
    { "{'type':'event','event':'e','dataType':'binary','data':'AQI'}", CLOSED,
      BASE64 },
    { "{'type':'event','event':'e','dataType':'binary','data':'AQ=I'}", CLOSED,
      BASE64 },
    { "{'type':'event','event':'e','dataType':'binary','data':'A==='}", CLOSED,
      BASE64 },
    { "{'type':'event','event':'e','dataType':'binary','data':'===='}", CLOSED,
      BASE64 },
    { "{'type':'event','event':'e','dataType':'binary','data':'A_-A'}", CLOSED,
      BASE64 },
    { "{'type':'event','event':'e','dataType':'binary','data':'AQ==AQ=='}",
      CLOSED, BASE64 },

    /* values that are against a rule */

    { "{'type':'joinGroup','group':''}", REFUSED, GROUP },
    { "{'type':'joinGroup','group':' \\t'}", REFUSED, GROUP },
    { "{'type':'joinGroup','group':'a\\u0000'}", REFUSED, GROUP },
    { "{'type':'event','event':'','data':1}", REFUSED, EVENT },
    { "{'type':'event','event':'1a','data':1}", REFUSED, EVENT },
    { "{'type':'event','event':'a b','data':1}", REFUSED, EVENT },
    { "{'type':'event','event':'a\\u0000','data':1}", REFUSED, EVENT },
    { "{'type':'event','event':'Az0_.-','data':1}", TAKEN,
      "event event=Az0_.- json:1" },
    { "{'type':'sendToGroup','group':'g','data':1,'ttlSeconds':301}", REFUSED,
      TTL },
    { "{'type':'cancelInvocation','invocationId':''}", REFUSED, INVOKE },
    { "{'type':'streamEnd','streamId':''}", REFUSED, STREAM },
    { "{'type':'sendToGroup','group':'g','stream':{'streamId':''}}", REFUSED,
      STREAM },
    { "{'type':'sendToGroup','group':'g','stream':{'streamId':'s',"
      "'idleTimeoutMs':0}}", REFUSED, IDLE },
    { "{'type':'sendToGroup','group':'g','stream':{'streamId':'s'},'data':1}",
      REFUSED, START },
    { "{'type':'sendToGroup','group':'g','stream':{'streamId':'s'},"
      "'ackId':1}", REFUSED, START },
    { "{'type':'event','event':'e','stream':{'streamId':'s'},'data':1}",
      REFUSED, OTHER },
    { "{'type':'streamData','streamId':'s','streamSequenceId':1}", REFUSED,
      PIECE },
    { "{'type':'streamData','streamId':'s','data':1}", REFUSED, PIECE },
    { "{'type':'event','event':'e','metadata':{'':'1'}}", REFUSED, LONG },
    { "{'type':'event','event':'e','metadata':{'a b':'1'}}", REFUSED, TOKEN },
    { "{'type':'event','event':'e','metadata':{'\\u00e9':'1'}}", REFUSED,
      TOKEN },
    { "{'type':'event','event':'e','metadata':{'a':'\\r\\nB: c'}}", REFUSED,
      ASCII },
    { "{'type':'event','event':'e','metadata':{'a':'\\u00e9'}}", REFUSED,
      ASCII },
    { "{'type':'event','event':'e','metadata':{'a':'1','A':'2'}}", REFUSED,
      TWICE },

    /* what is no request */

    { "", CLOSED, JSON },
    { "{'type':'ping'", CLOSED, JSON },
    { "{'type':'ping'}}", CLOSED, JSON },
    { "[]", CLOSED, NOTYPE },
    { "'ping'", CLOSED, NOTYPE },
    { "null", CLOSED, NOTYPE },
    { "{}", CLOSED, NOTYPE },
    { "{'type':1}", CLOSED, NOTYPE },
    { "{'type':'pong'}", CLOSED, UNKNOWN },
    { "{'type':''}", CLOSED, UNKNOWN },
    { "{'type':'ping','type':'ping'}", CLOSED, "JSON object has a name twice" },
    { "{'type':'ping','a':1,'\\u0061':2}", CLOSED,
      "JSON object has a name twice" },
    { "{'type':'ping','a':'\\ud800'}", CLOSED,
      "JSON has half a surrogate pair" },
    { "{'type':'ping','a':'\xc0\xaf'}", CLOSED, "JSON is not UTF-8" },
    { "{'type':'joinGroup'}", CLOSED, MISSING },
    { "{'type':'joinGroup','group':null}", CLOSED, MISSING },
    { "{'type':'joinGroup','group':1}", CLOSED, STRING },
    { "{'type':'joinGroup','group':['g']}", CLOSED, STRING },
    { "{'type':'joinGroup','group':'g','ackId':'1'}", CLOSED, INT64 },
    { "{'type':'joinGroup','group':'g','ackId':-1}", CLOSED, INT64 },
    { "{'type':'joinGroup','group':'g','ackId':1.0}", CLOSED, INT64 },
    { "{'type':'joinGroup','group':'g','ackId':1e3}", CLOSED, INT64 },
    { "{'type':'joinGroup','group':'g','ackId':18446744073709551615}", TAKEN,
      "join group=g ack=18446744073709551615" },
    { "{'type':'joinGroup','group':'g','ackId':18446744073709551616}", CLOSED,
      INT64 },
    { "{'type':'joinGroup','group':'g','ackId':99999999999999999999999}",
      CLOSED, INT64 },
    { "{'type':'sendToGroup','group':'g','data':1,'noEcho':1}", CLOSED,
      NOECHO },
    { "{'type':'sendToGroup','group':'g','data':1,'ttlSeconds':4294967296}",
      CLOSED, INT32 },
    { "{'type':'sequenceAck'}", CLOSED, MISSING },
    { "{'type':'sequenceAck','sequenceId':true}", CLOSED, INT64 },
    { "{'type':'invoke','invocationId':'1','event':'e'}", CLOSED, MISSING },
    { "{'type':'invoke','invocationId':'1','target':'x','event':'e'}", CLOSED,
      TARGET },
    { "{'type':'event','event':'e','metadata':[]}", CLOSED, OBJECT },
    { "{'type':'event','event':'e','metadata':{'a':1}}", CLOSED, STRING },
    { "{'type':'event','event':'e','metadata':{'a':null}}", CLOSED, STRING },
    { "{'type':'event','event':'e','metadata':{'a':'1','a':'2'}}", CLOSED,
      "JSON object has a name twice" },
    { "{'type':'setGroupState','group':'g','state':{'a':{}}}", CLOSED,
      STRING },
    { "{'type':'sendToGroup','group':'g','stream':'s'}", CLOSED, OBJECT },
    { "{'type':'sendToGroup','group':'g','stream':{}}", CLOSED, MISSING },
    { "{'type':'streamEnd','streamId':'s','error':{'message':1}}", CLOSED,
      STRING }
};


static test_frame_t  test_proto_frames[] = {

    /* all types; the first ones are as others write them */

    { "32 0b 0a0567726f7570 10e5d802", TAKEN, "join group=group ack=44133" },
    { "3a 07 0a0567726f7570", TAKEN, "leave group=group" },
    { "0a0e0a0567726f75701a050a03787a79", TAKEN, "send group=group text:xzy" },
    { "0a1f0a0567726f757010b9601a11220f7b2276616c7565223a22787a79227d2001",
      TAKEN,
      "send group=group ack=12345 no-echo=1 json:{\"value\":\"xzy\"}" },
    { "420408c0c407", TAKEN, "sequence-ack sequence=123456" },
    { "7a230a09636861742d726f6f6d10011a140a120a0861637469766974791206747970"
      "696e67", TAKEN, "set-state group=chat-room ack=1 "
      "state{activity=typing}" },
    { "8a010d0a09636861742d726f6f6d1004", TAKEN,
      "unsub-state group=chat-room ack=4" },
    { "8201 03 0a0167", TAKEN, "sub-state group=g" },
    { "2a 0d 0a0165 1204 12020001 1800 2200", REFUSED, LONG },
    { "2a 0b 0a0165 1204 12020001 1800", TAKEN,
      "event event=e ack=0 binary:<00><01>" },
    { "4a 00", TAKEN, "ping" },
    { "52 0b 0a0165 120131 1a03 0a0161", TAKEN,
      "invoke event=e invocation=1 text:a" },
    { "52 06 0a0165 120131", TAKEN, "invoke event=e invocation=1" },
    { "5a 03 0a0131", TAKEN, "cancel invocation=1" },
    { "0a 08 0a0167 3a03 0a0173", TAKEN,
      "stream-start group=g stream=s idle=300000" },
    { "0a 0c 0a0167 2001 3a05 0a0173 1007", TAKEN,
      "stream-start group=g stream=s idle=7 no-echo=1" },
    { "6a 0a 0a0173 1001 1a03 0a0161", TAKEN,
      "stream-data stream=s sequence=1 text:a" },
    { "6a 03 0a0173", TAKEN, "stream-data stream=s" },
    { "72 03 0a0173", TAKEN, "stream-end stream=s" },
    { "72 0b 0a0173 1206 0a016d 120163", TAKEN,
      "stream-end stream=s error=1 message=m code=c" },
    { "7a 03 0a0167", TAKEN, "set-state group=g" },
    { "7a 05 0a0167 1a00", TAKEN, "set-state group=g state{}" },

    /* data, fields in any order, twice, unknown */

    { "0a 09 1a04 0a026100 0a0167", TAKEN, "send group=g text:a<00>" },
    { "0a 0d 0a0167 1a08 1a06 0a0174 120176", TAKEN,
      "send group=g protobuf:<0a><01>t<12><01>v" },
    { "0a 0f 0a0167 1a02 0a00 3206 0a0141 120162", TAKEN,
      "send group=g text: metadata{a=b}" },
    { "0a 0b 0a0167 3206 0a0141 120162", TAKEN,
      "send group=g text: metadata{a=b}" },
    { "32 06 0a0167 0a0168", TAKEN, "join group=h" },
    { "32 03 0a0167 4a00", TAKEN, "ping" },
    { "32 05 0a0167 7801", TAKEN, "join group=g" },
    { "0a 0b 0a0167 1a03 0a0161 1a01 00", CLOSED, PROTO },
    { "f80101 4a00", TAKEN, "ping" },

    { "32 0e 0a0167 10ffffffffffffffffff01", TAKEN,
      "join group=g ack=18446744073709551615" },

    /* values that are against a rule */

    { "32 00", REFUSED, GROUP },
    { "32 04 0a020061", REFUSED, GROUP },
    { "2a 08 0a0131 1203 0a0161", REFUSED, EVENT },
    { "0a 03 0a0167", REFUSED, NODATA },
    { "0a 05 0a0167 1a00", REFUSED, NODATA },
    { "0a 0b 0a0167 1a03 0a0161 28ad02", REFUSED, TTL },
    { "0a 0b 0a0167 1a03 0a0161 28ac02", TAKEN, "send group=g ttl=300 text:a" },
    { "0a 0a 0a0167 3a05 0a0173 1000", REFUSED, IDLE },
    { "0a 0d 0a0167 3a03 0a0173 1a03 0a0161", REFUSED, START },
    { "2a 0d 0a0165 1203 0a0161 2a03 0a0173", REFUSED, OTHER },
    { "6a 05 0a0173 1001", REFUSED, PIECE },
    { "6a 08 0a0173 1a03 0a0161", REFUSED, PIECE },
    { "6a 00", REFUSED, STREAM },
    { "5a 00", REFUSED, INVOKE },
    { "0a 13 0a0167 3206 0a0161 120162 3206 0a0141 120163", REFUSED, TWICE },
    { "7a 15 0a0167 1a10 0a06 0a0161 120162 0a06 0a0161 120163", REFUSED,
      TWICE },

    /* what is no request */

    { "", CLOSED, UNKNOWN },
    { "0801", CLOSED, PROTO },
    { "22 00", CLOSED, UNKNOWN },
    { "62 00", CLOSED, UNKNOWN },
    { "ffffffff0f00", CLOSED, PROTO },
    { "32", CLOSED, PROTO },
    { "32 03 0a02", CLOSED, PROTO },
    { "32 ffffffffffffffffff01", CLOSED, PROTO },
    { "32 0d 0a0167 10ffffffffffffffffffff", CLOSED, PROTO },
    { "33 34", CLOSED, PROTO },
    { "32 04 0a02c0af", CLOSED, UTF8 },
    { "32 03 0a0180", CLOSED, UTF8 },
    { "0a 09 0a0167 1a04 0a02c0af", CLOSED, NOTSO },
    { "0a 08 0a0167 1a03 22017b", CLOSED, NOTSO },
    { "0a 07 0a0167 1a02 2200", CLOSED, NOTSO },
    { "0a 08 0a0167 1a03 1a010a", CLOSED, NOTSO },
    { "0a 0b 0a0167 3206 0a0161 120180", CLOSED, UTF8 }
};


/* JSON in the table has ' for " */

static void
test_native_tables(void)
{
    char           buf[1024];
    size_t         i, n;
    u_char         frame[1024], *p;
    test_frame_t  *t;

    for (i = 0; i < sizeof(test_json_frames) / sizeof(test_frame_t); i++) {
        t = &test_json_frames[i];
        n = strlen(t->frame);

        for (p = frame; p < frame + n; p++) {
            *p = t->frame[p - frame];
            *p = (*p == '\'') ? '"' : *p;
        }

        is_int(native_read(ngx_mqtt_native_json_read, frame, n, buf,
                           sizeof(buf)),
               t->rc, "JSON %s", t->frame);
        is_mem(buf, strlen(buf), t->want, strlen(t->want), "says so");
    }

    for (i = 0; i < sizeof(test_proto_frames) / sizeof(test_frame_t); i++) {
        t = &test_proto_frames[i];
        n = test_hex(frame, t->frame);

        is_int(native_read(ngx_mqtt_native_proto_read, frame, n, buf,
                           sizeof(buf)),
               t->rc, "protobuf %s", t->frame);
        is_mem(buf, strlen(buf), t->want, strlen(t->want), "says so");
    }
}


/* A BadRequest is answered, so that its ids are there. */

static void
test_native_refused(void)
{
    size_t                      i, n;
    u_char                      frame[256];
    char                        buf[256];
    ngx_str_t                   s;
    ngx_pool_t                 *pool;
    const char                 *why;
    ngx_mqtt_native_request_t   r;

    static const char  *frames[][2] = {
        { "{'ackId':5,'group':'','type':'joinGroup'}", "join ack=5" },
        { "{'type':'sendToGroup','ackId':5,'group':'g','ttlSeconds':400}",
          "send group=g ack=5 ttl=400" },
        { "{'type':'event','event':'!','ackId':5,'data':1}",
          "event event=! ack=5 json:1" },
        { "{'type':'invoke','invocationId':'i','target':'event','event':'!'}",
          "invoke event=! invocation=i" },
        { "{'type':'sendToGroup','group':'','stream':{'streamId':'s'}}",
          "stream-start stream=s idle=300000" },
        { "{'type':'streamData','streamId':'s','streamSequenceId':3}",
          "stream-data stream=s sequence=3" },
        { "{'type':'setGroupState','group':'','ackId':5,'state':{}}",
          "set-state ack=5 state{}" },
        { "32021005", "join ack=5" },
        { "0a021005", "send ack=5" },
        { "0a053a030a0173", "stream-start stream=s idle=300000" },
        { "5203120169", "invoke invocation=i" }
    };

    for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        pool = pool_create();

        if (frames[i][0][0] == '{') {
            for (n = 0; frames[i][0][n]; n++) {
                frame[n] = frames[i][0][n] == '\'' ? '"' : frames[i][0][n];
            }

        } else {
            n = test_hex(frame, frames[i][0]);
        }

        s.data = test_copy(frame, n);
        s.len = n;

        is_int(frame[0] == '{' ? ngx_mqtt_native_json_read(pool, &s, &r, &why)
                               : ngx_mqtt_native_proto_read(pool, &s, &r, &why),
               NGX_DECLINED, "a BadRequest: %s", frames[i][0]);

        native_words(buf, sizeof(buf), &r);
        is_mem(buf, strlen(buf), frames[i][1], strlen(frames[i][1]),
               "is known well enough to be answered");

        free(s.data);
        ngx_destroy_pool(pool);
    }
}


void
test_native_read(void)
{
    test_native_tables();
    test_native_refused();
}
