
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _TOKEN_H_INCLUDED_
#define _TOKEN_H_INCLUDED_


#include <ngx_mqtt_jwt.h>
#include "pool.h"


/*
 * Keys, and tokens that were made with them by another implementation.  These
 * say TOKEN_CLAIMS, and have no "kid".
 */

#define TOKEN_CLAIMS                                                          \
    "{\"iss\":\"https://id.example/\",\"aud\":\"api\",\"sub\":\"joe\","       \
    "\"exp\":2000000000,\"role\":[\"a\",\"b\"]}"

#define TOKEN_JWK_RSA                                                         \
    "{\"kty\":\"RSA\",\"n\":\"n1peyNTCJ_pBKzVT9_uMyy5d8iJkx_krqY_ffDY"        \
    "JeJRdcplMM3BuR82tKVylx5vrtR4sfk-4SE81K09vWdV7C_maBE8tfJZ-ZD_nsGT"        \
    "VsRmofEkT4-mjhOvw7crnZeAnKDcdebfk2LzN9Zh8CRoKIrNMAEneIHsqhqDx9mX"        \
    "UdVFwvwQA5FjJUrrKP8IqlH1w4mrVIMwrlDjO4Fm-GuVsViww2GeVCh86O5wjJCO"        \
    "ykpeHpQS4HjAj_p1du6a89exuxu0ir-rjY1tuyVTHegtSl3i7s4q67hZufyM5cct"        \
    "ZKRwVhxZArmPHgAdP5n1hPJuTl_KG9425RgoVrCxZUe2m-w\",\"e\":\"AQAB\""        \
    ",\"kid\":\"r\",\"use\":\"sig\"}"

#define TOKEN_JWK_P256                                                        \
    "{\"kty\":\"EC\",\"x\":\"ulXsaPPQF7NtuJz3-ibDhK1FFVDKwHRBsCu3qZGr"        \
    "4kQ\",\"y\":\"uekGO5jT3At_t0rKKOPdgyTQnjWMA_davRBRUObk6ng\",\"cr"        \
    "v\":\"P-256\",\"kid\":\"e\"}"

#define TOKEN_JWK_P384                                                        \
    "{\"kty\":\"EC\",\"x\":\"VmBXU9vzFxyXF5fypHmlCvZOa-b9S-JfcoQF-djf"        \
    "eOSe0vER5xOHcDkJhvwajWoD\",\"y\":\"lAw2VrCWRmCsv8-U6kbipAwhLAD71"        \
    "FiWdEcToCz3Ov_nj5S6Yivg1Wp0COa9U-vT\",\"crv\":\"P-384\",\"kid\":"        \
    "\"f\"}"

#define TOKEN_RS256                                                           \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.mu4Cc5XJHY-k-YtSfGSi5GaErvdRyBkDgr1M9F"        \
    "8giRvkyv7eQvTCOoYmDS7fqmSHTsMB9c0LTCkww9iC5k21xoEnxlZZoB_w3BqrAq"        \
    "KV_fp-r6rqD47fF9i_8Ef9JuDQLPPbfzvb0L9ySLNlwMQTsripLDbSSrCpKRSsyA"        \
    "P-JGnrfQsFexu_ZSAKgyrM-iSMVmhVeSZpk8HNK5FXspCtse4s4j-kAF-MsQO9bj"        \
    "LnAB_WjcAjKzKsIxfpK6wgNnqetOlGPAKWulF4gojuUfiIEB0ieIXuZRfeghv541"        \
    "VyVYJRtOijfjSt3OBx1pPhoHYsMx8K0A-U7hi6J9zNWu8GyQ"

#define TOKEN_RS384                                                           \
    "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.Rwu-jeDQzS_4lnR7FAfj72NGpnL3K1Htjs3jX1"        \
    "fEzninulEVroas1nc6NRAflavt8drKbH148ZBBIOD7Y4Vg4pTAhCcouNiweYkbI6"        \
    "6-hw7lZoSqUTbWiFsIBYY27zB1_O8DZwtDql2uSFO2IriYCA7iU9cqSmCZG1GGPS"        \
    "bZxo8LRVr8FDggXqSJA9n3jlZXKb2Cq8GImcoGMgB08nWeZSsCTiahF0Eo1sEpCR"        \
    "yBJ1IDRve-8f4i4F0Rd49od5vu0GXD4AdpBr29uCWe5TjhxXJ7feY3L8O5R2LDhP"        \
    "lI1QuVUA2o9Ac7GOx5-9h7DQNC6H3QCAe94mO4WoqNFHoBCQ"

#define TOKEN_RS512                                                           \
    "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.DmPv_wQdr5e3DDaaI19OJNS4HPfbb7dAQRqx8-"        \
    "FoBFiqaOTmirXESIZ5MAVYUizbT6hEQLnS3Hd7driLPctHl0FHY8x3Amv2_i2G92"        \
    "xzF_qbSqtObTgStTppU3kqZKS4XJITsdubL6UqHuQeffbaf-XtmmaW-EDvRf35fv"        \
    "dCKWLdI8m9Te3DIhtMe82hNuJnGJXSveOrueE7WYGhfxIAie916FqRVlr_7GXLsH"        \
    "ybFfwCvp6XyRZsdBXDkO3Wx-Wy9E5DBxCr8jsgERvSP1DKw6D9sOYQYzKS9dlSuJ"        \
    "OSqhfYOmS5PT82bipFgY3K5JAVC49TKAX2c87Uuqgyjnx5yg"

#define TOKEN_PS256                                                           \
    "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.SRY3wlx2zK21y9471BWt6CUalKQpqzAEa-rZZp"        \
    "EVnOvDnT-kCEky4lNgASkEliK7VnRJEFaPd4-mjIbUWXBMyy7wQz8zHEPYKZYZvT"        \
    "ghb3imUkvKw5_Mwws0tSG_y0_ctSobkGYIi9Qf1jBGMH7iW_eRp5lT1WBLKvr6qZ"        \
    "sBwfFr5g2b8GMk29JLxOVRRzlxKs3ZUuX-5XlBeaZdtKQjF2a4pT6QabrN5DXz7c"        \
    "fa4Tm4vwWRKuzGan-EXcRsmilkjapZUzkngKOClf7uEsO0isEZkqL15EKrtubMsu"        \
    "zhee6S1UqrY5jzWMHgA2GYgLMhvq8a7HxJgzHzRvGi4UiJ5A"

#define TOKEN_ES256                                                           \
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.3z_5DEx9ayBfTCgVQR5h2a4SZdionyuqGP2cdj"        \
    "dzd9rrIRgI9tIFtQ2QqoQMsCm7QnoCXu628ZUb5j245_XBPA"

#define TOKEN_ES384                                                           \
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV"        \
    "4YW1wbGUvIiwiYXVkIjoiYXBpIiwic3ViIjoiam9lIiwiZXhwIjoyMDAwMDAwMDA"        \
    "wLCJyb2xlIjpbImEiLCJiIl19.8E9j78FW1XZuXO3k-nrVTh6wfDKlzjfb-O4awE"        \
    "CA4PyuEjVrSDLuNFLUD4-cjH8njglb0wufeiv9kkiy8Po160y_uEh_uIFgjNoznc"        \
    "Ltaxozss0WsMXZGUueI4zZBGCp"

/* signed with "key-one", says {"sub":"joe","exp":2000000000} */

#define TOKEN_HS256                                                           \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJqb2UiLCJleHAiOjI"        \
    "wMDAwMDAwMDB9.638mMacU2ztSWOqUpC0HMfrIW7PDBfhSmMyL-X4zbkc"


/* The public key as PEM, and a certificate for it, with zeros, in a pool. */
char *token_pem(ngx_pool_t *pool, EVP_PKEY *pkey);
char *token_certificate(ngx_pool_t *pool, EVP_PKEY *pkey);

/* A token of this header and these claims, without a signature. */
ngx_str_t token_input(ngx_pool_t *pool, const char *header,
    const char *claims);

/* The same with a signature as bytes, or with one of HS256. */
ngx_str_t token_with(ngx_pool_t *pool, const ngx_str_t *input,
    const u_char *sig, size_t len);
ngx_str_t token_hs256(ngx_pool_t *pool, const char *header,
    const char *claims, const char *key);

/* The same, signed by a key: RSA, PSS if so wanted, or P-256 and P-384. */
ngx_str_t token_signed(ngx_pool_t *pool, const char *header,
    const char *claims, EVP_PKEY *pkey, const EVP_MD *md, ngx_uint_t pss);


#endif /* _TOKEN_H_INCLUDED_ */
